//! System calls that fail while documents are uploaded: what was acknowledged can be downloaded whole afterwards.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use banggiao_contracts::journal::v1::{
    DownloadAttachmentRequest, UploadAttachmentRequest, attachment_service_client::AttachmentServiceClient,
};
use banggiao_rpc::channel::Authorized;
use tokio::task::JoinHandle;
use tonic::Status;

use super::{
    Copy, HANGS, Outcome, case,
    case::Case,
    prepared::Prepared,
    strace::{self, Strace},
    supervised, told,
};
use crate::{
    faults::{
        office::{Office, Passing, bounded},
        settings::seed,
    },
    processes,
};

/// The calls that may fail, of the whole process: the name of a file that is being received is not known before. `write`
/// is not among them, by which threads also wake each other. Those with a question mark are not there on every machine.
const CALLS: [&str; 10] = [
    "fdatasync",
    "fsync",
    "openat",
    "?mkdir",
    "?rename",
    "renameat2",
    "?link",
    "linkat",
    "?unlink",
    "unlinkat",
];
/// So many documents are uploaded in a case.
const DOCUMENTS: usize = 5;

fn document(n: usize) -> Vec<u8> {
    format!("Biên bản số {n}\n").repeat(3000).into_bytes()
}

async fn upload(client: &mut AttachmentServiceClient<Authorized>, n: usize) -> Result<String, Status> {
    let messages: Vec<UploadAttachmentRequest> = document(n)
        .chunks(16 * 1024)
        .map(|data| UploadAttachmentRequest {
            data: data.to_vec(),
            ..UploadAttachmentRequest::default()
        })
        .collect();
    let answer = client.upload_attachment(bounded(tokio_stream::iter(messages))).await?;
    Ok(answer.into_inner().name)
}

async fn download(client: &mut AttachmentServiceClient<Authorized>, name: String) -> Result<Vec<u8>, Status> {
    let request = DownloadAttachmentRequest { name };
    let mut stream = client.download_attachment(bounded(request)).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(message) = stream.message().await? {
        bytes.extend(message.data);
    }
    Ok(bytes)
}

/// What uploading came to.
struct Uploaded {
    /// By number of the document.
    names: Vec<String>,
    refused: bool,
    /// The longest that one call took.
    longest: Duration,
}

/// Uploads each document until it is acknowledged.
fn uploads(office: &Office, acknowledged: &Arc<AtomicU64>) -> JoinHandle<Uploaded> {
    let (office, acknowledged) = (office.clone(), Arc::clone(acknowledged));
    tokio::spawn(async move {
        let mut client = AttachmentServiceClient::new(office.recorder());
        let mut uploaded = Uploaded {
            names: Vec::new(),
            refused: false,
            longest: Duration::ZERO,
        };
        while uploaded.names.len() < DOCUMENTS {
            let since = Instant::now();
            let answer = upload(&mut client, uploaded.names.len()).await;
            uploaded.longest = uploaded.longest.max(since.elapsed());
            match answer {
                Ok(name) => {
                    uploaded.names.push(name);
                    acknowledged.fetch_add(1, Ordering::Relaxed);
                }
                Err(status) => {
                    assert!(Passing::BrokenCalls.includes(&status), "a document: {status:?}");
                    uploaded.refused = true;
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        }
        uploaded
    })
}

async fn counted(prepared: &Prepared) -> Result<BTreeMap<String, u64>, String> {
    let copy = Copy::start(prepared).await;
    let output = copy.folder.path().join("calls");
    let strace = Strace::attach(copy.up.id(), &[], &[format!("trace={}", CALLS.join(","))], &output)?;
    let uploaded = uploads(&copy.office, &Arc::default()).await;
    uploaded.expect("they are uploaded");
    strace.detach();
    Ok(strace::counts(&output))
}

async fn tried(prepared: &Prepared, case: &Case) -> Result<Outcome, String> {
    let mut copy = Copy::start(prepared).await;
    let output = copy.folder.path().join("calls");
    let expressions = [format!("trace={}", case.call), case.injection()];
    let strace = Strace::attach(copy.up.id(), &[], &expressions, &output)?;
    let acknowledged = Arc::default();
    let uploading = uploads(&copy.office, &acknowledged);
    let mut outcome = supervised(&mut copy.up, &acknowledged, &uploading).await;
    strace.detach();
    outcome.struck = outcome.ended || strace::struck(&output);
    let uploaded = uploading.await.map_err(|error| format!("an upload: {error}"))?;
    outcome.refused = uploaded.refused;
    if uploaded.longest > HANGS {
        return Err(format!("a call was not answered for {:?}", uploaded.longest));
    }
    copy.up.restart();
    processes::serving(&copy.office.address).await;
    let mut client = AttachmentServiceClient::new(copy.office.recorder());
    for (n, name) in uploaded.names.into_iter().enumerate() {
        match download(&mut client, name).await {
            Ok(bytes) if bytes == document(n) => {}
            Ok(bytes) => return Err(format!("document {n} has {} bytes that are not its own", bytes.len())),
            Err(status) => return Err(format!("document {n} was acknowledged: {status:?}")),
        }
    }
    Ok(outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn system_calls_that_fail_lose_no_document() {
    if let Err(reason) = strace::is_there() {
        return strace::skipped(&reason);
    }
    let seed = seed("system calls of uploads");
    let prepared = Prepared::make().await;
    let counts = match counted(&prepared).await {
        Ok(counts) => counts,
        Err(reason) => return strace::skipped(&reason),
    };
    println!("calls of the process: {counts:?}");
    assert!(counts.values().sum::<u64>() > 10, "the calls are not seen");
    let since = Instant::now();
    let mut outcomes = Vec::new();
    for case in case::chosen(&counts, seed) {
        let outcome = tried(&prepared, &case).await;
        outcomes.push((case, outcome));
    }
    told(&outcomes, since.elapsed());
}
