//! Signed notes and checkpoints.

use banggiao_ledger::{Checkpoint, Note, PublicKey, SecretKey, checkpoint, note};

const NAME: &str = "tayninh.banggiao.example/journal";

fn key() -> SecretKey {
    SecretKey::new(NAME, &[7; 32]).unwrap()
}

fn signed(size: u64, root: [u8; 32]) -> String {
    let origin = NAME.to_owned();
    Checkpoint { origin, size, root }.signed(&[key()])
}

#[test]
fn the_published_example_of_a_signed_note_is_believed() {
    // The example in the documentation of golang.org/x/mod/sumdb/note.
    let key = PublicKey::parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").unwrap();
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=";
    let signed = format!("{text}\n\u{2014} PeterNeumann {signature}\n");
    assert_eq!(Note::parse(&signed).unwrap().signed_by(&key).unwrap(), text);
    let altered = signed.replace("answer", "Answer");
    let refused = Note::parse(&altered).unwrap().signed_by(&key).unwrap_err();
    assert_eq!(refused, note::Error::False("PeterNeumann".to_owned()));
}

#[test]
fn a_key_survives_being_written_down_and_nothing_else_passes_for_it() {
    let public = key().public().clone();
    let text = public.to_string();
    assert_eq!(PublicKey::parse(&text).unwrap(), public);
    for wrong in [
        text.replace(NAME, "other"),
        text.replace('+', "-"),
        text[..text.len() - 4].to_owned(),
        format!("a b+{}", &text[NAME.len() + 1..]),
        String::new(),
    ] {
        assert!(PublicKey::parse(&wrong).is_err(), "{wrong}");
    }
    assert!(SecretKey::new("with space", &[7; 32]).is_err());
}

#[test]
fn a_checkpoint_is_believed_by_its_own_key_alone() {
    let note = signed(5, [9; 32]);
    let checkpoint = Checkpoint::verified(&note, key().public()).unwrap();
    assert_eq!((checkpoint.size, checkpoint.root), (5, [9; 32]));
    let other = SecretKey::new(NAME, &[8; 32]).unwrap();
    assert!(matches!(
        Checkpoint::verified(&note, other.public()),
        Err(checkpoint::Error::Note(note::Error::Unsigned(_)))
    ));
    let elsewhere = SecretKey::new("elsewhere", &[7; 32]).unwrap();
    assert!(matches!(
        Checkpoint::verified(&note, elsewhere.public()),
        Err(checkpoint::Error::OtherLog(_))
    ));
    for (line, altered) in [("\n5\n", "\n6\n"), ("\n5\n", "\n05\n"), ("\n5\n", "\n\n")] {
        let altered = note.replacen(line, altered, 1);
        assert!(Checkpoint::verified(&altered, key().public()).is_err(), "{altered}");
    }
}

#[test]
fn signatures_of_unknown_keys_are_passed_over() {
    let note = signed(5, [9; 32]);
    let witness = SecretKey::new("witness", &[3; 32]).unwrap();
    let (text, own) = note.split_once("\n\n").unwrap();
    let cosigned = note::signed(&format!("{text}\n"), &[witness]);
    let cosignature = cosigned.rsplit_once("\n\n").unwrap().1;
    let both = format!("{text}\n\n{cosignature}{own}");
    assert_eq!(Checkpoint::verified(&both, key().public()).unwrap().size, 5);
    let many = format!("{text}\n\n{}{own}", cosignature.repeat(16));
    assert!(
        Checkpoint::verified(&many, key().public()).is_err(),
        "more than sixteen are not looked at"
    );
}

#[test]
fn no_note_makes_the_reader_fail() {
    for broken in [
        "",
        "\n",
        "\n\n",
        "a\n\n",
        "a\n\n\u{2014} b c\n",
        "a\n\n\u{2014} b AAAAAA==\n",
        "a\r\n\n\u{2014} b AAAAAAA=\n",
    ] {
        assert!(Note::parse(broken).is_err(), "{broken:?}");
    }
}

mod other_implementation {
    use signed_note::{Note, StandardVerifier, VerifierList};

    use super::*;

    #[test]
    fn another_reader_believes_our_notes_and_keys() {
        for size in [0, 1, 7, 600, u64::from(u32::MAX)] {
            let written = signed(size, [u8::try_from(size % 251).unwrap(); 32]);
            let verifier = StandardVerifier::new(&key().public().to_string()).unwrap();
            let list = VerifierList::new(vec![Box::new(verifier)]);
            let note = Note::from_bytes(written.as_bytes()).unwrap();
            let (verified, unknown) = note.verify(&list).unwrap();
            assert_eq!((verified.len(), unknown.len()), (1, 0));
            assert_eq!(verified[0].name(), NAME);
            let text = Checkpoint::verified(&written, key().public()).unwrap().to_text();
            assert_eq!(note.text(), text.as_bytes());
            let theirs = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
            assert_eq!((theirs.origin(), theirs.size()), (NAME, size));
        }
    }
}
