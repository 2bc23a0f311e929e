//! The log gets another key: whoever checks with the former one, the new one or both, at each step and with whatever was
//! kept from before; and a key that others may have.

use std::{collections::BTreeSet, fs, path::Path};

use banggiao_cli::ledger::{Evidence, Trusted};
use banggiao_contracts::journal::v1::{
    Checkpoint, Event, GetCheckpointRequest, GetInclusionProofRequest, ListLogKeysRequest, RecoverLogRequest,
    RetireLogKeyRequest, RotateLogKeyRequest, ledger_service_client::LedgerServiceClient,
};
use banggiao_ledger::{Checkpoint as Signed, SecretKey};
use banggiao_rpc::channel::Authorized;
use tonic::Code;
use tonic_types::StatusExt;

use crate::{auditor, clerk::Clerk, installation::Installation};

fn ledger(installation: &Installation) -> LedgerServiceClient<Authorized> {
    LedgerServiceClient::new(installation.channel("administrator"))
}

/// Logs an event; gives its name and its place.
async fn log(installation: &Installation) -> (String, i64) {
    let event = Event {
        event_type: "eventTypes/diplomatic-event".to_owned(),
        start_date: "2026-02-10".to_owned(),
        home_unit: "units/tayninh-ben-cau".to_owned(),
        ..Event::default()
    };
    let mut clerk = Clerk::new(installation, "administrator");
    let logged = clerk.log(event).await.expect("logged");
    (logged.name, logged.log_index)
}

async fn checkpoint(installation: &Installation, min_log_index: i64) -> Checkpoint {
    let request = GetCheckpointRequest { min_log_index };
    let signed = ledger(installation).get_checkpoint(request).await;
    signed.expect("a checkpoint").into_inner()
}

async fn rotate(installation: &Installation, request: &str) -> i64 {
    let request = RotateLogKeyRequest {
        reason: "every five years".to_owned(),
        request_id: format!("00000000-0000-4000-8000-00000000000{request}"),
    };
    let changed = ledger(installation).rotate_log_key(request.clone()).await;
    let changed = changed.expect("another key").into_inner();
    let again = ledger(installation).rotate_log_key(request).await;
    assert_eq!(again.expect("the same answer").into_inner(), changed);
    changed.log_index
}

async fn retire(installation: &Installation) -> i64 {
    let request = RetireLogKeyRequest {
        reason: "everybody has the new one".to_owned(),
        ..RetireLogKeyRequest::default()
    };
    let changed = ledger(installation).retire_log_key(request).await;
    changed.expect("one key").into_inner().log_index
}

/// The keys with the sizes for which they sign.
async fn keys(installation: &Installation) -> Vec<(String, i64, i64)> {
    let listed = ledger(installation).list_log_keys(ListLogKeysRequest {}).await;
    let keys = listed.expect("the keys").into_inner().keys;
    let told = keys.into_iter();
    told.map(|key| (key.verifier_key, key.first_tree_size, key.last_tree_size))
        .collect()
}

/// The files in which secrets stand.
fn secrets(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder)
        .expect("the folder")
        .map(|file| file.expect("a file").file_name());
    let names = files.map(|name| name.to_string_lossy().into_owned());
    names
        .filter(|name| name.starts_with("journal.key") && !name.ends_with(".lock"))
        .collect()
}

/// What was there at a step: a checkpoint that somebody kept, and evidence that somebody carries.
struct Kept {
    checkpoint: Checkpoint,
    evidence: Evidence,
}

async fn kept(installation: &Installation) -> Kept {
    let (event, index) = log(installation).await;
    let request = GetInclusionProofRequest {
        event,
        ..GetInclusionProofRequest::default()
    };
    let proof = ledger(installation).get_inclusion_proof(request).await;
    let proof = proof.expect("a proof").into_inner();
    Kept {
        checkpoint: checkpoint(installation, index).await,
        evidence: Evidence {
            checkpoint: proof.checkpoint.clone().expect("a checkpoint"),
            proofs: vec![proof],
            figure: None,
        },
    }
}

/// What is believed by whom: the whole log, alone and against a checkpoint from before the change; evidence of each step.
/// Rows are steps: before, both sign, the former signs no more. Columns are who has which key: the former, the new one, both.
const LOG: [[bool; 3]; 3] = [[true, false, true], [true, true, true], [true, true, true]];
const EVIDENCE: [[bool; 3]; 3] = [[true, false, true], [true, true, true], [false, true, true]];

fn trusted(keys: &[&str], since: &[&Path]) -> Trusted {
    Trusted {
        key: keys.iter().map(|key| (*key).to_owned()).collect(),
        since: since.iter().map(|file| file.to_path_buf()).collect(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_breaks_nobody_who_has_either() {
    let mut installation = Installation::with_sample().await;
    let folder = installation.folder().to_owned();
    let former = fs::read_to_string(folder.join("journal.key")).expect("the key");
    let before = kept(&installation).await;
    let (origin, first) = (before.checkpoint.origin.clone(), before.checkpoint.verifier_key.clone());
    let file = folder.join("kept");
    fs::write(&file, &before.checkpoint.note).expect("a file");

    let mut steps = vec![before];
    let mut second = String::new();
    let mut sizes = Vec::new();
    for (step, log_is_believed) in LOG.into_iter().enumerate() {
        match step {
            1 => sizes.push(rotate(&installation, "1").await),
            2 => sizes.push(retire(&installation).await),
            _ => {}
        }
        if step > 0 {
            steps.push(kept(&installation).await);
            // Whoever starts again finds it as it was.
            installation.restart().await;
        }
        let signed = checkpoint(&installation, 0).await;
        if step == 1 {
            second.clone_from(&signed.verifier_key);
            assert_ne!(second, first);
        }
        let all = |step: usize| match step {
            0 => (first.clone(), Vec::new()),
            1 => (second.clone(), vec![first.clone()]),
            _ => (second.clone(), Vec::new()),
        };
        assert_eq!(
            (signed.verifier_key, signed.former_verifier_keys),
            all(step),
            "step {step}"
        );
        assert_eq!(secrets(&folder).len(), if step == 1 { 2 } else { 1 }, "step {step}");
        // The key that is to come is known to nobody at first: one of somebody else stands in its place.
        let stranger = SecretKey::new(&origin, &[9; 32]).expect("a key").public().to_string();
        let new = if second.is_empty() { stranger } else { second.clone() };
        for (has, keys) in [vec![&*first], vec![&*new], vec![&*first, &*new]]
            .into_iter()
            .enumerate()
        {
            for since in [&[][..], &[&*file][..]] {
                let channel = installation.channel("administrator");
                let report = auditor::examined(channel, &trusted(&keys, since), false).await;
                let whole = report.as_ref().is_ok_and(banggiao_cli::ledger::Report::is_whole);
                assert_eq!(
                    whole, log_is_believed[has],
                    "step {step}, keys {has}, {since:?}: {report:?}"
                );
            }
            for (of, kept) in steps.iter().enumerate() {
                let checked = kept.evidence.verify(&trusted(&keys, &[]));
                let proved = checked.as_ref().is_ok_and(|checked| checked.findings.is_empty());
                let expected = EVIDENCE[of][has];
                assert_eq!(
                    proved,
                    expected,
                    "evidence of step {of}, keys {has}: {:?}",
                    checked.map(|c| c.findings)
                );
            }
        }
    }
    let terms = keys(&installation).await;
    assert_eq!(
        terms,
        [(first.clone(), 0, sizes[1] - 1), (second.clone(), sizes[0], 0),]
    );
    forged(&installation, &former, &first, sizes[1]).await;
    refused(&installation).await;
}

/// Whoever has kept the former secret signs on, and is not believed for what came after it was retired.
async fn forged(installation: &Installation, former: &str, first: &str, retired: i64) {
    let file = installation.folder().join("former.key");
    fs::write(&file, former).expect("a file");
    let seed = banggiao_runtime::private::stored_seed(&file).expect("the secret");
    let newest = checkpoint(installation, 0).await;
    let key = SecretKey::new(&newest.origin, &seed).expect("a key");
    assert_eq!(key.public().to_string(), first);
    assert!(newest.tree_size >= retired);
    let forged = Signed::from_text(&newest.note).expect("a checkpoint").signed(&[key]);
    let kept = installation.folder().join("forged");
    fs::write(&kept, forged).expect("a file");
    let channel = installation.channel("administrator");
    let report = auditor::examined(channel, &trusted(&[first], &[&kept]), false)
        .await
        .expect("a log");
    let size = u64::try_from(newest.tree_size).expect("a size");
    assert_eq!((report.is_whole(), report.out_of_term), (false, vec![size]));
}

/// There is one change at a time.
async fn refused(installation: &Installation) {
    let reason = |status: &tonic::Status| status.get_error_details().error_info().map(|info| info.reason.clone());
    let request = RetireLogKeyRequest {
        reason: "again".to_owned(),
        ..RetireLogKeyRequest::default()
    };
    let status = ledger(installation).retire_log_key(request).await.expect_err("one key");
    assert_eq!(
        (status.code(), reason(&status).as_deref()),
        (Code::FailedPrecondition, Some("LOG_KEYS"))
    );
    rotate(installation, "2").await;
    let held = secrets(installation.folder());
    let request = RotateLogKeyRequest {
        reason: "again".to_owned(),
        ..RotateLogKeyRequest::default()
    };
    let status = ledger(installation)
        .rotate_log_key(request)
        .await
        .expect_err("two keys");
    assert_eq!(
        (status.code(), reason(&status).as_deref()),
        (Code::FailedPrecondition, Some("LOG_KEYS"))
    );
    assert_eq!(
        secrets(installation.folder()),
        held,
        "nothing is left of what was refused"
    );
}

/// A process dies between two steps of a change: what the log says is brought about by the next one.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_cut_short_is_finished_by_the_next_start() {
    let mut installation = Installation::with_sample().await;
    let folder = installation.folder().to_owned();
    let file = folder.join("journal.key");
    let former = fs::read_to_string(&file).expect("the key");
    rotate(&installation, "1").await;
    let newest = fs::read_to_string(&file).expect("the key");
    assert_ne!(newest, former);
    let beside = secrets(&folder)
        .into_iter()
        .find(|name| name != "journal.key")
        .expect("the former");

    // The change is committed, and the files are as they were.
    let second = checkpoint(&installation, 0).await.verifier_key;
    let id = second.split('+').nth(1).expect("an id").to_owned();
    installation
        .while_stopped(|folder| {
            fs::write(folder.join("journal.key"), &former).expect("a file");
            fs::rename(folder.join(&beside), folder.join(format!("journal.key.{id}"))).expect("a file");
            fs::write(folder.join(format!("journal.key.{id}")), &newest).expect("a file");
        })
        .await;
    assert_eq!(fs::read_to_string(&file).expect("the key"), newest);
    assert_eq!(fs::read_to_string(folder.join(&beside)).expect("the former"), former);
    let (_, index) = log(&installation).await;
    assert_eq!(checkpoint(&installation, index).await.verifier_key, second);

    // The former was retired, and its secret is there again; so is a key that was made and never signed, and a draft. What
    // somebody has put there by another name is nobody's.
    retire(&installation).await;
    let (id, made) = made();
    installation
        .while_stopped(|folder| {
            fs::write(folder.join(&beside), &former).expect("a file");
            fs::write(folder.join(format!("journal.key.{id}")), &made).expect("a file");
            fs::write(folder.join("journal.key.0123456789abcdef.new"), &made).expect("a file");
            fs::write(folder.join("journal.key.20260315"), &former).expect("a file");
        })
        .await;
    let left = ["journal.key", "journal.key.20260315"].map(str::to_owned);
    assert_eq!(secrets(&folder), left.into());
    fs::remove_file(folder.join("journal.key.20260315")).expect("a file");

    // Without the secret of the newest nothing is taken in: nobody could sign for it.
    installation
        .while_stopped(|folder| fs::write(folder.join("journal.key"), &former).expect("a file"))
        .await;
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "NOT_SERVING");
    installation
        .while_stopped(|folder| fs::write(folder.join("journal.key"), &newest).expect("a file"))
        .await;
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "SERVING");
}

/// A key as it stands in a file, and what the file is called after.
fn made() -> (String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    let seed = [9; 32];
    banggiao_runtime::private::write_seed(&file, &seed).expect("a key");
    let key = SecretKey::new("banggiao/journal", &seed).expect("a key");
    (key.public().id(), fs::read_to_string(&file).expect("a key"))
}

/// A backup from before a change is restored: the log knows nothing of the key with which it was signed since.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_was_set_back_before_a_change_goes_on_with_the_newest_key() {
    let mut installation = Installation::with_sample().await;
    log(&installation).await;
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "journal", "copy", &[]))
        .await;
    rotate(&installation, "1").await;
    retire(&installation).await;
    let second = checkpoint(&installation, 0).await.verifier_key;
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "copy", "journal", &[]))
        .await;
    assert_eq!(installation.health("banggiao.journal.v1.writes").await, "NOT_SERVING");
    let request = RecoverLogRequest {
        reason: "the disk was set back".to_owned(),
        ..RecoverLogRequest::default()
    };
    let declared = ledger(&installation)
        .recover_log(request)
        .await
        .expect("a recovery")
        .into_inner();
    assert_eq!(declared.last_verifier_key, second);
    let (_, index) = log(&installation).await;
    let signed = checkpoint(&installation, index).await;
    assert_eq!(signed.verifier_key, declared.verifier_key);
    // It is the same key under the name of the new epoch, so whoever has the newest goes on with it.
    let report = auditor::examined(installation.channel("administrator"), &trusted(&[&second], &[]), false).await;
    assert!(
        report.as_ref().is_ok_and(banggiao_cli::ledger::Report::is_whole),
        "{report:?}"
    );
    rotate(&installation, "2").await;
    installation.restart().await;
    log(&installation).await;
}

/// Others may have the key: a new epoch begins with another, after a last checkpoint of all there was.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_others_may_have_ends_with_its_epoch() {
    let mut installation = Installation::with_sample().await;
    let (_, last) = log(&installation).await;
    let first = checkpoint(&installation, last).await;
    let stolen = fs::read_to_string(installation.folder().join("journal.key")).expect("the key");
    let request = RecoverLogRequest {
        reason: "the office was broken into".to_owned(),
        new_key: true,
        ..RecoverLogRequest::default()
    };
    let declared = ledger(&installation)
        .recover_log(request)
        .await
        .expect("a recovery")
        .into_inner();
    assert_eq!((declared.epoch, declared.kept_log_index), (2, last));
    assert_eq!(declared.last_checkpoint, first.note);
    installation.restart().await;
    let (_, index) = log(&installation).await;
    let signed = checkpoint(&installation, index).await;
    assert_eq!((signed.epoch, &signed.verifier_key), (2, &declared.verifier_key));
    assert_eq!(secrets(installation.folder()).len(), 1);
    let now = fs::read_to_string(installation.folder().join("journal.key")).expect("the key");
    assert_ne!(now, stolen, "the former secret is gone");
    for (key, believed) in [(&first.verifier_key, false), (&signed.verifier_key, true)] {
        let channel = installation.channel("administrator");
        let report = auditor::examined(channel, &trusted(&[key], &[]), false).await;
        assert_eq!(report.is_ok_and(|report| report.is_whole()), believed);
    }
    // A checkpoint that was kept is believed by the key that it was signed with, and is the beginning of what there is.
    let file = installation.folder().join("kept");
    fs::write(&file, &first.note).expect("a file");
    let both = trusted(&[&first.verifier_key, &signed.verifier_key], &[&file]);
    let report = auditor::examined(installation.channel("administrator"), &both, false).await;
    assert!(
        report.as_ref().is_ok_and(banggiao_cli::ledger::Report::is_whole),
        "{report:?}"
    );
    // The events are all there: nothing was given up.
    let events = Clerk::new(&installation, "administrator")
        .list(Default::default())
        .await;
    assert!(events.len() > 1000, "{}", events.len());
}

/// A cluster hands the key out in a folder that nobody can write: it signs, the log can go on after it was set back, and
/// nothing can be done to the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_changed_signs() {
    let mut installation = Installation::with_sample().await;
    let (_, last) = log(&installation).await;
    let first = checkpoint(&installation, last).await.verifier_key;
    installation
        .while_stopped(|folder| {
            auditor::copy_journal(folder, "journal", "copy", &[]);
            // Whoever is root may write anywhere, but not into a folder as into a file.
            fs::remove_file(folder.join("journal.key.lock")).expect("a file");
            fs::create_dir(folder.join("journal.key.lock")).expect("a folder");
        })
        .await;
    let (_, index) = log(&installation).await;
    assert_eq!(checkpoint(&installation, index).await.verifier_key, first);
    let request = RotateLogKeyRequest {
        reason: "every five years".to_owned(),
        ..RotateLogKeyRequest::default()
    };
    let refused = ledger(&installation).rotate_log_key(request).await;
    assert_eq!(refused.expect_err("nothing can be written").code(), Code::Unavailable);
    let request = RecoverLogRequest {
        reason: "the office was broken into".to_owned(),
        new_key: true,
        ..RecoverLogRequest::default()
    };
    let refused = ledger(&installation).recover_log(request.clone()).await;
    assert_eq!(refused.expect_err("nothing can be written").code(), Code::Unavailable);
    assert_eq!(keys(&installation).await, [(first, 0, 0)]);
    installation
        .while_stopped(|folder| auditor::copy_journal(folder, "copy", "journal", &[]))
        .await;
    let request = RecoverLogRequest {
        new_key: false,
        ..request
    };
    let declared = ledger(&installation).recover_log(request).await.expect("a recovery");
    assert_eq!(declared.into_inner().epoch, 2);
    let (_, index) = log(&installation).await;
    assert_eq!(checkpoint(&installation, index).await.epoch, 2);
}
