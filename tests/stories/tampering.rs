//! Somebody who can write into the journal's database changes what stands there. Whoever checks the log finds it, by name,
//! and nothing is taken in or signed on top of what is seen at the start.

use std::path::Path;

use banggiao_cli::ledger::{Report, Trusted};
use banggiao_contracts::journal::v1::{Event, GetCheckpointRequest, ledger_service_client::LedgerServiceClient};
use banggiao_ledger::{Node, check::Finding};
use sea_orm::{ConnectionTrait, Database};
use tonic::Code;

use crate::{auditor, clerk::Clerk, installation::Installation};

/// What is done to the database, and what must be found, among other things.
struct Change {
    sql: String,
    found: Finding,
}

fn changes(last: u64) -> Vec<Change> {
    let change = |sql: &str, found| Change {
        sql: sql.to_owned(),
        found,
    };
    let flip = |column: &str, at: u64| {
        // One bit of one byte.
        format!(
            "UPDATE revision SET {column} = CAST(unhex(substr(hex({column}), 1, 20) || \
                 printf('%02X', ((instr('0123456789ABCDEF', substr(hex({column}), 21, 1)) - 1) * 16 + \
                 instr('0123456789ABCDEF', substr(hex({column}), 22, 1)) - 1) + 1 - 2 * \
                 ((instr('0123456789ABCDEF', substr(hex({column}), 22, 1)) - 1) % 2)) || substr(hex({column}), 23)) AS BLOB) \
                 WHERE log_index = {at}"
        )
    };
    vec![
        // A reorganisation, then revisions of events.
        change(&flip("content", 3), Finding::Leaf(3)),
        change(&flip("content", 4000), Finding::Leaf(4000)),
        change(&flip("salt", 17), Finding::Leaf(17)),
        change(&flip("leaf_hash", 300), Finding::Leaf(300)),
        change(&flip("leaf_hash", 4270), Finding::Leaf(4270)),
        change("UPDATE revision SET number = 2 WHERE log_index = 15", Finding::Leaf(15)),
        change("UPDATE revision SET kind = 2 WHERE log_index = 16", Finding::Leaf(16)),
        change(
            "UPDATE revision SET event_id = 'e' || substr(event_id, 2, 30) || 'x' WHERE log_index = 18",
            Finding::Leaf(18),
        ),
        change(
            "UPDATE node SET hash = zeroblob(32) WHERE place = 3",
            Finding::Node(Node { level: 8, index: 3 }),
        ),
        change(
            "DELETE FROM node WHERE place = 2",
            Finding::Missing(Node { level: 8, index: 2 }),
        ),
        change(
            "UPDATE head SET tree = CAST(substr(tree, 33) || substr(tree, 1, 32) AS BLOB)",
            Finding::Head(0..4096),
        ),
        change(
            "DELETE FROM revision WHERE log_index = 4284",
            Finding::Gap {
                expected: 4284,
                found: 4285,
            },
        ),
        change(
            "UPDATE revision SET log_index = 100000 - log_index WHERE log_index IN (10, 11);
             UPDATE revision SET log_index = 10 WHERE log_index = 99989;
             UPDATE revision SET log_index = 11 WHERE log_index = 99990",
            Finding::Node(Node { level: 8, index: 0 }),
        ),
        change(
            "DELETE FROM revision WHERE log_index > 4000; UPDATE head SET position = 4000",
            Finding::Short {
                signed: last,
                found: 4000,
            },
        ),
    ]
}

/// Runs statements on the journal's database while nobody else does.
async fn change(folder: &Path, sql: &str) {
    let db = Database::connect(format!("sqlite:{}", folder.join("journal.db").display())).await;
    let db = db.expect("the database");
    db.execute_unprepared(sql).await.expect("a change");
    db.close().await.expect("closed");
}

fn copy(folder: &Path, from: &str, to: &str) {
    auditor::copy_journal(folder, from, to, &["checkpoint"]);
}

async fn examined(installation: &Installation, trusted: &Trusted) -> Report {
    let channel = installation.channel("administrator");
    auditor::examined(channel, trusted, false).await.expect("a log")
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_changed_in_the_database_is_found_and_named() {
    let mut installation = Installation::with_sample().await;
    let mut ledger = LedgerServiceClient::new(installation.channel("administrator"));
    let request = GetCheckpointRequest { min_log_index: 4285 };
    let old = ledger.get_checkpoint(request).await.expect("a checkpoint").into_inner();
    let file = installation.folder().join("kept");
    std::fs::write(&file, &old.note).expect("a file");
    let trusted = Trusted {
        key: vec![old.verifier_key],
        since: vec![file],
    };
    assert!(examined(&installation, &trusted).await.is_whole());
    installation.stop().await;
    copy(installation.folder(), "journal", "whole");
    for Change { sql, found } in changes(u64::try_from(old.tree_size).expect("a size")) {
        copy(installation.folder(), "whole", "journal");
        change(installation.folder(), &sql).await;
        installation.restart().await;
        let report = examined(&installation, &trusted).await;
        assert!(
            report.findings.contains(&found),
            "{sql}: {:?} {:?}",
            report.findings,
            report.unreadable
        );
        installation.stop().await;
    }
    copy(installation.folder(), "whole", "journal");
    installation.restart().await;
    assert!(examined(&installation, &trusted).await.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_while_the_journal_runs_is_not_signed() {
    let installation = Installation::with_sample().await;
    let mut ledger = LedgerServiceClient::new(installation.channel("administrator"));
    let request = GetCheckpointRequest { min_log_index: 4285 };
    ledger.get_checkpoint(request).await.expect("a checkpoint");
    change(
        installation.folder(),
        "UPDATE node SET hash = zeroblob(32) WHERE place = 1",
    )
    .await;
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: "units/tayninh-ben-cau".to_owned(),
        ..Event::default()
    };
    let mut clerk = Clerk::new(&installation, "administrator");
    // It may be taken in before anybody has looked.
    let mut next = 4286;
    while let Ok(event) = clerk.log(event.clone()).await {
        next = event.log_index;
        let signed = ledger
            .get_checkpoint(GetCheckpointRequest { min_log_index: next })
            .await;
        assert_eq!(signed.expect_err("nothing is signed").code(), Code::FailedPrecondition);
    }
    assert!(next <= 4286, "{next} entries were taken in");
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "NOT_SERVING");
    let report = examined(&installation, &Trusted::default()).await;
    assert!(
        report.findings.contains(&Finding::Node(Node { level: 8, index: 1 })),
        "{:?}",
        report.findings
    );
    assert!(!report.not_sound.is_empty());
}
