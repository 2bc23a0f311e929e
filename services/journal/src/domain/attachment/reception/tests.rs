//! Documents as they come in: whole, altered, too large, and cut anywhere.

use super::*;

const MAX: u64 = 100_000;

fn data(bytes: &[u8]) -> pb::UploadAttachmentRequest {
    pb::UploadAttachmentRequest {
        data: bytes.to_vec(),
        ..pb::UploadAttachmentRequest::default()
    }
}

fn receive(messages: Vec<pb::UploadAttachmentRequest>) -> Result<Received, Error> {
    let mut reception = Reception::new(MAX);
    for message in messages {
        reception.take(message)?;
    }
    reception.finish()
}

fn fields(error: Error) -> Vec<String> {
    match error {
        Error::Invalid(violations) => violations.into_vec().into_iter().map(|fault| fault.path).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_bytes_are_the_same_document_however_they_are_cut() {
    let text = "Biên bản giao ban định kỳ. ".repeat(400).into_bytes();
    let whole = receive(vec![data(&text)]).unwrap();
    assert_eq!(
        (whole.size_bytes, whole.media_type),
        (text.len() as u64, Some(MediaType::Text))
    );
    for size in [1, 7, 4095, 4096, 4097] {
        assert_eq!(receive(text.chunks(size).map(data).collect()).unwrap(), whole, "{size}");
    }
}

#[test]
fn what_was_said_is_held_against_what_came() {
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let said = |size, sha256: &str| pb::UploadAttachmentRequest {
        size_bytes: size,
        sha256: sha256.to_owned(),
        data: b"abc".to_vec(),
    };
    assert_eq!(receive(vec![said(Some(3), abc)]).unwrap().digest, abc);
    assert_eq!(fields(receive(vec![said(Some(2), "")]).unwrap_err()), ["size_bytes"]);
    let other = "0".repeat(64);
    assert_eq!(
        fields(receive(vec![said(Some(4), &other)]).unwrap_err()),
        ["size_bytes", "sha256"]
    );
    assert_eq!(
        fields(receive(vec![said(Some(-1), "x")]).unwrap_err()),
        ["size_bytes", "sha256"]
    );
    assert_eq!(
        fields(receive(vec![said(None, ""), said(Some(6), "")]).unwrap_err()),
        ["size_bytes"]
    );
    assert_eq!(fields(receive(vec![]).unwrap_err()), ["data"]);
    assert_eq!(fields(receive(vec![data(b"")]).unwrap_err()), ["data"]);
}

#[test]
fn it_is_refused_as_soon_as_it_can_be() {
    let mut reception = Reception::new(MAX);
    let said = pb::UploadAttachmentRequest {
        size_bytes: Some(100_001),
        ..data(b"a")
    };
    assert!(matches!(reception.take(said), Err(Error::TooLarge(MAX))));
    let mut reception = Reception::new(MAX);
    assert!(reception.take(data(&vec![b'a'; 100_000])).is_ok());
    assert!(matches!(reception.take(data(b"a")), Err(Error::TooLarge(MAX))));
    let mut reception = Reception::new(MAX);
    assert_eq!(fields(reception.take(data(&vec![7; 5000])).unwrap_err()), ["data"]);
    let mut reception = Reception::new(MAX);
    assert!(reception.take(data(&vec![b'a'; 5000])).is_ok());
    assert_eq!(fields(reception.take(data(b"\0")).unwrap_err()), ["data"]);
    let mut reception = Reception::new(u64::MAX);
    assert_eq!(
        fields(reception.take(data(&vec![b'a'; DATA_BYTES_MAX + 1])).unwrap_err()),
        ["data"]
    );
}
