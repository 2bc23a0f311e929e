//! PostgreSQL's own benchmark with the peer's inserts: what the server can do without anybody between.

use std::process::Command;

use banggiao_testkit::postgres::Cluster;

use super::{CONCURRENCY, MEASURED, Rate};

const SCRIPT: &str = "\
\\set unit random(1, 100)
\\set day random(10, 28)
BEGIN;
WITH new AS (SELECT gen_random_uuid()::text AS id)
INSERT INTO event SELECT id, 'delegation-visit', '2026-02-' || :day::text, 'district-' || :unit::text, 'kh-1', 1, 12, 1, 'thăm' FROM new
RETURNING id \\gset
INSERT INTO participant VALUES (:id, 1, 4);
INSERT INTO participant VALUES (:id, 2, 4);
INSERT INTO participant VALUES (:id, 3, 4);
INSERT INTO outbox VALUES (:id, '2026-02-10');
COMMIT;
";

/// Transactions per second on a database (150 clients stand for 256, which the server does not take) that has the peer's tables.
pub fn measured(cluster: &Cluster, url: &str) -> Vec<Rate> {
    let folder = tempfile::tempdir().expect("a folder");
    let script = folder.path().join("append.sql");
    std::fs::write(&script, SCRIPT).expect("a file");
    CONCURRENCY
        .iter()
        .map(|clients| run(cluster, url, &script, (*clients).min(150)))
        .collect()
}

fn run(cluster: &Cluster, url: &str, script: &std::path::Path, clients: usize) -> Rate {
    let output = Command::new(cluster.program("pgbench"))
        .args(["--no-vacuum", "--jobs=2", "--protocol=prepared"])
        .arg(format!("--client={clients}"))
        .arg(format!("--time={}", MEASURED.as_secs()))
        .arg("--file")
        .arg(script)
        .arg(url)
        .output()
        .expect("pgbench runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text
        .lines()
        .find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    let per_second = rate.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    Rate {
        per_second,
        cpu_micros: f64::NAN,
    }
}
