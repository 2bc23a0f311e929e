//! What reporting keeps of the journal was damaged where no digest sees it. It is read again while figures go on being
//! answered, and what was stored otherwise is told and replaced.

use std::path::Path;

use banggiao_contracts::{
    journal::v1::EventRevision,
    registry::v1::Role,
    reporting::v1::{
        GetPositionRequest, QueryFiguresRequest, RebuildProjectionRequest, RebuiltProjection,
        projection_service_client::ProjectionServiceClient,
    },
};
use prost::Message as _;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use tonic::{Code, Status};

use crate::installation::Installation;

/// So many persons more than came.
const MORE: i64 = 1000;

async fn persons_received(installation: &Installation) -> String {
    let request = QueryFiguresRequest {
        unit: "units/tayninh".to_owned(),
        indicators: vec!["indicators/persons-received".to_owned()],
        period: "legal/2024-H1".to_owned(),
        ..QueryFiguresRequest::default()
    };
    let answer = installation.figures("administrator").query_figures(request).await;
    answer.expect("a figure").into_inner().cells[0].value.clone()
}

async fn rebuild(installation: &Installation, principal: &str) -> Result<RebuiltProjection, Status> {
    let mut client = ProjectionServiceClient::new(installation.channel(principal));
    let mut answers = client
        .rebuild_projection(RebuildProjectionRequest {})
        .await?
        .into_inner();
    let mut last = None;
    while let Some(answer) = answers.message().await? {
        assert!(answer.log_index <= answer.target_log_index, "{answer:?}");
        last = answer.rebuilt;
    }
    Ok(last.expect("what was found comes last"))
}

/// Changes what stands there of a visit, of the past of two events, and of what never was.
async fn damage(folder: &Path) {
    let db = Database::connect(format!("sqlite:{}", folder.join("reporting.db").display())).await;
    let db = db.expect("the database");
    let (log_index, payload) = a_visit(&db).await;
    let mut revision = EventRevision::decode(payload.as_slice()).expect("a revision");
    let event = revision.event.as_mut().expect("an event");
    event.persons = event.persons.map(|persons| persons + MORE);
    let values = [revision.encode_to_vec().into(), log_index.into()];
    let sql = "UPDATE fact SET payload = ? WHERE log_index = ?";
    let change = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
    db.execute_raw(change).await.expect("a change");
    for sql in [
        "DELETE FROM fact WHERE log_index = (SELECT MIN(log_index) FROM fact WHERE newest_to IS NOT NULL)",
        "UPDATE fact SET counted_to = counted_to + 1
         WHERE log_index = (SELECT MAX(log_index) FROM fact WHERE counted_to IS NOT NULL)",
        "INSERT INTO fact (log_index, event_id, start_date, revision, newest_to, counted, counted_to, payload)
         SELECT 1000000, 'e0', '2024-01-01', 1, 1000001, 0, NULL, payload FROM fact WHERE log_index = (SELECT MIN(log_index) FROM fact)",
    ] {
        db.execute_unprepared(sql).await.expect("a change");
    }
    db.close().await.expect("closed");
}

/// A delegation that was received in the half-year, as it is stored.
async fn a_visit(db: &DatabaseConnection) -> (i64, Vec<u8>) {
    let sql = "SELECT log_index, payload FROM fact WHERE start_date BETWEEN '2023-12-15' AND '2024-06-14'
               AND counted AND counted_to IS NULL ORDER BY log_index";
    let rows = db.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await;
    let rows = rows.expect("facts").into_iter().map(|row| {
        let log_index: i64 = row.try_get_by_index(0).expect("a position");
        let payload: Vec<u8> = row.try_get_by_index(1).expect("a payload");
        (log_index, payload)
    });
    let received = |payload: &[u8]| {
        let event = EventRevision::decode(payload)
            .expect("a revision")
            .event
            .expect("an event");
        event.event_type == "eventTypes/delegation-visit"
            && event.direction == 1
            && event.persons.is_some()
            && event.home_unit == "units/tayninh"
    };
    let mut visits = rows.filter(|(_, payload)| received(payload));
    visits.next().expect("a visit")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_damaged_is_read_again_while_figures_are_answered() {
    let mut installation = Installation::with_sample().await;
    installation.principal("clerk", Role::Recorder, "tayninh").await;
    let right = persons_received(&installation).await;
    let folder = installation.folder().to_owned();
    installation.stop().await;
    damage(&folder).await;
    installation.restart().await;
    let wrong = persons_received(&installation).await;
    let number = |text: &str| text.parse::<i64>().expect("a number");
    assert_eq!(number(&wrong), number(&right) + MORE, "no digest sees it");

    let refused = rebuild(&installation, "clerk").await.expect_err("not a clerk's to do");
    assert_eq!(refused.code(), Code::PermissionDenied);

    let asked = async {
        let mut values = Vec::new();
        while values.last() != Some(&right) {
            values.push(persons_received(&installation).await);
        }
        values
    };
    let (rebuilt, values) = tokio::join!(rebuild(&installation, "administrator"), asked);
    let rebuilt = rebuilt.expect("rebuilt");
    assert_eq!(rebuilt.mended, 4, "{rebuilt:?}");
    assert_eq!(rebuilt.digest, rebuilt.digest_before);
    assert!(
        values.iter().all(|value| [&right, &wrong].contains(&value)),
        "{values:?}"
    );
    assert_eq!(values[0], wrong, "the old state serves until then");

    // Of two at once the second is refused, unless the first is over by then.
    let both = tokio::join!(
        rebuild(&installation, "administrator"),
        rebuild(&installation, "administrator")
    );
    for outcome in [both.0, both.1] {
        match outcome {
            Ok(again) => assert_eq!((again.mended, &again.digest), (0, &rebuilt.digest)),
            Err(status) => assert_eq!(status.code(), Code::FailedPrecondition, "{status}"),
        }
    }
    installation.restart().await;
    assert_eq!(persons_received(&installation).await, right);
    let position = installation
        .figures("administrator")
        .get_position(GetPositionRequest {})
        .await;
    let position = position.expect("a position").into_inner();
    assert_eq!(position.digest, rebuilt.digest);
    assert!(position.journal_log_index >= position.log_index, "{position:?}");
}
