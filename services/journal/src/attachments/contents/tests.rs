//! The folder: what has its name is whole, what broke off goes, and a full disk leaves nothing.

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;
use tokio::io::AsyncReadExt;

use super::*;

const DIGEST: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn folder() -> (TempDir, Contents) {
    let folder = tempfile::tempdir().unwrap();
    let contents = Contents::open(&folder.path().join("attachments")).unwrap();
    (folder, contents)
}

/// Names in the folder itself.
fn names(contents: &Contents) -> Vec<String> {
    let entries = fs::read_dir(&contents.0).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}

async fn begun(contents: &Contents, n: u128) -> Part {
    let part = contents.begin(Uuid::from_u128(n)).await.unwrap();
    part.write(b"ab".to_vec()).await.unwrap()
}

#[tokio::test]
async fn what_is_put_is_got_and_is_for_its_owner_only() {
    let (_folder, contents) = folder();
    for n in [1, 2] {
        let part = begun(&contents, n).await.write(b"c".to_vec()).await.unwrap();
        let part = Arc::new(part);
        Arc::clone(&part).sync().await.unwrap();
        contents.put(Arc::clone(&part), DIGEST).await.unwrap();
        contents.put(part, DIGEST).await.unwrap();
    }
    let mut read = Vec::new();
    contents
        .get(DIGEST)
        .await
        .unwrap()
        .unwrap()
        .read_to_end(&mut read)
        .await
        .unwrap();
    assert_eq!(
        (read.as_slice(), names(&contents)),
        (&b"abc"[..], vec!["ba".to_owned()])
    );
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let path = contents.path(DIGEST);
    assert_eq!([&contents.0, path.parent().unwrap()].map(mode), [0o700; 2]);
    assert_eq!(mode(&path), 0o600);
    assert_eq!(contents.digests().await.unwrap(), [DIGEST]);
    fs::write(contents.0.join("ba").join("README"), "").unwrap();
    assert_eq!(
        contents.digests().await.unwrap(),
        [DIGEST],
        "what is called otherwise is none of ours"
    );
    contents.remove(vec![DIGEST.to_owned(), "0".repeat(64)]).await.unwrap();
    assert!(contents.get(DIGEST).await.unwrap().is_none());
}

#[tokio::test]
async fn what_broke_off_goes_and_what_is_under_way_stays() {
    let (_folder, contents) = folder();
    drop(begun(&contents, 1).await);
    assert_eq!(
        names(&contents),
        Vec::<String>::new(),
        "a client that goes away leaves nothing"
    );
    fs::write(contents.0.join("left-by-a-crash.part"), "ab").unwrap();
    let under_way = begun(&contents, 2).await;
    contents.remove_abandoned().await.unwrap();
    assert_eq!(names(&contents), [format!("{}.part", Uuid::from_u128(2).simple())]);
    let under_way = Arc::new(under_way);
    contents.put(Arc::clone(&under_way), DIGEST).await.unwrap();
    drop(under_way);
    assert!(contents.get(DIGEST).await.unwrap().is_some());
}

#[tokio::test]
async fn a_full_disk_leaves_nothing() {
    let (_folder, contents) = folder();
    let path = contents.0.join("full.part");
    fs::write(&path, "").unwrap();
    let file = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let full = Part { path, file }.write(vec![0; 100]).await.unwrap_err();
    assert!(
        matches!(&full, Error::Folder(error) if error.kind() == io::ErrorKind::StorageFull),
        "{full:?}"
    );
    assert_eq!(names(&contents), Vec::<String>::new());
    fs::write(contents.0.join("ba"), "in the way").unwrap();
    let part = Arc::new(begun(&contents, 3).await);
    assert!(matches!(contents.put(part, DIGEST).await, Err(Error::Folder(_))));
    assert_eq!(names(&contents), ["ba"]);
}
