//! Changes of keys: who is believed for which size, and what passes for a change.

use banggiao_ledger::{
    Checkpoint, KeyChange, Note, PublicKey, SecretKey, Terms,
    checkpoint::Error::Note as OfNote,
    key_change,
    note::Error::{False, Unsigned},
};

const NAME: &str = "tayninh.banggiao.example/journal";

fn secret(seed: u8) -> SecretKey {
    SecretKey::new(NAME, &[seed; 32]).unwrap()
}

fn public(seed: u8) -> PublicKey {
    secret(seed).public().clone()
}

fn change(size: u64, signing: &[u8]) -> KeyChange {
    KeyChange {
        origin: NAME.to_owned(),
        size,
        signing: signing.iter().map(|seed| public(*seed)).collect(),
    }
}

#[test]
fn a_key_is_believed_for_the_sizes_for_which_it_signs() {
    let mut terms = Terms::of(public(1));
    // Entry 11 brings the second key, 21 ends the first, 31 brings a third, 41 ends the second.
    for change in [
        change(10, &[1, 2]),
        change(20, &[2]),
        change(30, &[2, 3]),
        change(40, &[3]),
    ] {
        terms.change(&change);
    }
    let at = |size| terms.at(size);
    for (sizes, keys) in [
        (0..=10, vec![1]),
        (11..=20, vec![1, 2]),
        (21..=30, vec![2]),
        (31..=40, vec![2, 3]),
        (41..=60, vec![3]),
    ] {
        for size in sizes {
            assert_eq!(
                at(size),
                keys.iter().map(|seed| public(*seed)).collect::<Vec<_>>(),
                "{size}"
            );
        }
    }
    let spans: Vec<(u64, Option<u64>)> = terms.all().iter().map(|term| (term.first, term.last)).collect();
    assert_eq!(spans, [(0, Some(20)), (11, Some(40)), (31, None)]);
}

#[test]
fn no_size_is_too_large() {
    let mut terms = Terms::of(public(1));
    let last = change(u64::MAX, &[2]);
    let note = Note::parse(&last.signed(&[secret(1), secret(2)])).unwrap();
    terms.change(&KeyChange::from_note(&note).unwrap());
    assert_eq!(terms.at(7), [public(1)]);
}

#[test]
fn a_key_that_comes_back_has_two_terms() {
    let mut terms = Terms::of(public(1));
    for change in [change(10, &[2]), change(20, &[2, 1]), change(30, &[1])] {
        terms.change(&change);
    }
    let first: Vec<u64> = (0..=40).filter(|size| terms.at(*size).contains(&public(1))).collect();
    let expected: Vec<u64> = (0..=10).chain(21..=40).collect();
    assert_eq!(first, expected);
}

#[test]
fn a_change_survives_being_written_down_and_nothing_else_passes_for_it() {
    let change = change(10, &[1, 2]);
    let note = change.signed(&[secret(1), secret(2)]);
    let parsed = Note::parse(&note).unwrap();
    assert_eq!(KeyChange::from_note(&parsed).unwrap(), change);
    assert!(parsed.signed_by(&public(1)).is_ok() && parsed.signed_by(&public(2)).is_ok());
    let elsewhere = PublicKey::parse(&public(2).to_string())
        .unwrap()
        .named("elsewhere")
        .unwrap();
    let (text, signatures) = note.split_once("\n\n").unwrap();
    let second = public(2).to_string();
    for wrong in [
        text.replace("/v1", "/v2"),
        text.replace("\n10\n", "\n010\n"),
        text.replace("\n10\n", "\n-1\n"),
        text.replace(&second, &elsewhere.to_string()),
        text.replace(&second, &second[..second.len() - 4]),
        format!("{text}\nanything"),
        text.lines().take(3).collect::<Vec<_>>().join("\n"),
        text.lines().take(2).collect::<Vec<_>>().join("\n"),
    ] {
        let wrong = Note::parse(&format!("{wrong}\n\n{signatures}")).unwrap();
        let refused = KeyChange::from_note(&wrong);
        assert!(
            matches!(refused, Err(key_change::Error::Malformed | key_change::Error::Note(_))),
            "{refused:?}"
        );
    }
    let altered = Note::parse(&note.replace("\n10\n", "\n11\n")).unwrap();
    assert_eq!(altered.signed_by(&public(1)), Err(False(NAME.to_owned())));
}

#[test]
fn a_checkpoint_of_two_keys_is_believed_by_either_and_by_no_third() {
    let checkpoint = Checkpoint {
        origin: NAME.to_owned(),
        size: 12,
        root: [4; 32],
    };
    let note = checkpoint.signed(&[secret(1), secret(2)]);
    assert_eq!(note.lines().filter(|line| line.starts_with('\u{2014}')).count(), 2);
    for believed in [1, 2] {
        assert_eq!(Checkpoint::verified(&note, &public(believed)).unwrap(), checkpoint);
    }
    let third = Checkpoint::verified(&note, &public(3));
    assert_eq!(third, Err(OfNote(Unsigned(public(3).to_string()))));
    let any = Checkpoint::verified_by_any(&note, &[public(3), public(2)]);
    assert_eq!(any.unwrap(), checkpoint);
    // A line in a trusted key's name that is false is not made up for by another that is true.
    let (text, lines) = note.split_once("\n\n").unwrap();
    let other = Checkpoint {
        size: 13,
        ..checkpoint.clone()
    }
    .signed(&[secret(1)]);
    let forged = other.rsplit_once("\n\n").unwrap().1;
    let second = lines.lines().nth(1).unwrap();
    let mixed = format!("{text}\n\n{forged}{second}\n");
    assert_eq!(Checkpoint::verified(&mixed, &public(2)).unwrap(), checkpoint);
    let refused = Checkpoint::verified_by_any(&mixed, &[public(1), public(2)]);
    assert_eq!(refused, Err(OfNote(False(NAME.to_owned()))));
}
