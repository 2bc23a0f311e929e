//! Reporting as a process of its own.

use banggiao_reporting::{DEFAULTS, start};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    banggiao_runtime::process::run(DEFAULTS, start).await
}
