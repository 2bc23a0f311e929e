//! Diagnostics: structured logs on standard error.

use tracing_subscriber::EnvFilter;

/// Starts logging. `BANGGIAO_LOG` sets what is logged, as `info,banggiao_journal=debug`; the default is `filter`.
/// Lines are JSON when `json` is set, for a collector, and text otherwise. Called twice, the first call stands.
pub fn init(filter: &str, json: bool) {
    let filter = EnvFilter::try_from_env("BANGGIAO_LOG").unwrap_or_else(|_| EnvFilter::new(filter));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = if json {
        builder.json().try_init()
    } else {
        builder.with_target(true).try_init()
    };
    // A second start is what happens when tests of one process start several services.
    drop(started);
}
