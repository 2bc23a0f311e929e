//! An entry that does not read stops the projection, tells so once, and leaves the answers there are.

use banggiao_contracts::journal::v1::LogPosition;
use banggiao_rpc::feed::Reader as _;

use super::{assert_same, batch, database, eventful, open};

#[tokio::test]
async fn it_stands_still_at_an_entry_that_does_not_read() {
    let world = eventful();
    let (_folder, store) = database(&world).await;
    let (projection, mut reader) = open(&store).await;
    let goes_on = projection.goes_on();
    reader.apply(batch(world.revisions[..60].to_vec())).await.unwrap();
    assert!(*goes_on.borrow());
    assert_eq!(
        projection.journal_heard(),
        None,
        "nobody said where the journal's head is"
    );

    let harm: [fn(&mut banggiao_contracts::journal::v1::Event); 4] = [
        |event| event.home_unit = "units/nowhere".to_owned(),
        |event| event.start_date = "2024-02-30".to_owned(),
        |event| event.quantities = [("patrol_km".to_owned(), "many".to_owned())].into(),
        |event| event.log_index += 1,
    ];
    for harm in harm {
        let mut poisoned = batch(world.revisions[60..70].to_vec());
        harm(poisoned.revisions[3].event.as_mut().unwrap());
        let fault = reader.apply(poisoned.clone()).await.unwrap_err();
        assert!(!*goes_on.borrow());
        assert!(!reader.told(&fault), "it is told once: {fault}");
        // Progress alone does not make it go on.
        let mut progress = batch(Vec::new());
        progress.head = Some(LogPosition {
            epoch: 1,
            log_index: 240,
        });
        reader.apply(progress).await.unwrap();
        assert!(!*goes_on.borrow());
        let again = reader.apply(poisoned).await.unwrap_err();
        assert!(reader.told(&again));
        assert_eq!(projection.now().0.position, 60, "what was answered is answered still");
    }
    assert_eq!(projection.journal_heard(), None);
    assert_eq!(projection.journal_head(), 240, "what is missing is told");

    let mut rest = batch(world.revisions[60..].to_vec());
    rest.head = Some(LogPosition {
        epoch: 1,
        log_index: 240,
    });
    reader.apply(rest).await.unwrap();
    assert!(*goes_on.borrow());
    assert!(projection.journal_heard().is_some());
    assert_same(&projection, &world);
}
