//! Words that the catalogue does not know, and a catalogue that cannot be read.

use banggiao_cli::figures::{self, Filters, Query, query};
use banggiao_cli::{Connection, Error, Lang, Output, Session, explain};
use banggiao_contracts::journal::v1 as journal;
use journal::event_type_service_server::{EventTypeService, EventTypeServiceServer};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// A catalogue of two pages, or one that is away.
#[derive(Debug, Clone)]
struct Catalogue {
    away: bool,
}

fn event_type(id: &str, quantity: &str) -> journal::EventType {
    journal::EventType {
        name: format!("eventTypes/{id}"),
        code: banggiao_model::name::id_to_code(id),
        quantities: vec![journal::QuantityDefinition {
            key: quantity.into(),
            ..Default::default()
        }],
        ..Default::default()
    }
}

#[tonic::async_trait]
impl EventTypeService for Catalogue {
    async fn create_event_type(
        &self,
        _: Request<journal::CreateEventTypeRequest>,
    ) -> Result<Response<journal::EventType>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn update_event_type(
        &self,
        _: Request<journal::UpdateEventTypeRequest>,
    ) -> Result<Response<journal::EventType>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_event_type(
        &self,
        _: Request<journal::GetEventTypeRequest>,
    ) -> Result<Response<journal::EventType>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_event_types(
        &self,
        request: Request<journal::ListEventTypesRequest>,
    ) -> Result<Response<journal::ListEventTypesResponse>, Status> {
        if self.away {
            return Err(Status::unavailable("away"));
        }
        let (event_type, next_page_token) = match request.into_inner().page_token.as_str() {
            "" => (event_type("aid", "aid_value_vnd"), "2".to_owned()),
            _ => (event_type("joint-patrol", "patrol_km"), String::new()),
        };
        Ok(Response::new(journal::ListEventTypesResponse {
            event_types: vec![event_type],
            next_page_token,
        }))
    }
}

async fn session(away: bool) -> Session {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = tonic::transport::Server::builder().add_service(EventTypeServiceServer::new(Catalogue { away }));
    tokio::spawn(router.serve_with_incoming(TcpListenerStream::new(listener)));
    Session {
        connection: Connection::open(&format!("http://{address}"), None, Duration::from_secs(5)).unwrap(),
        output: Output::Json,
        lang: Lang::En,
    }
}

/// What `figures` and `explain` fail with: the server has nothing but a catalogue.
async fn asked(session: &Session, types: &[&str], sum: &str) -> [Error; 2] {
    let query = Query {
        unit: "units/tayninh".into(),
        from: Some("2024-01-01".into()),
        to: Some("2024-06-30".into()),
        filters: Filters {
            event_type: types.iter().map(|id| format!("eventTypes/{id}")).collect(),
            ..Filters::default()
        },
        sum: vec![query::sum(sum).unwrap()],
        ..Query::default()
    };
    let figures = figures::Args {
        query: query.clone(),
        compare: None,
    };
    let explain = explain::Args {
        query,
        group: vec![],
        export: None,
        against: explain::Against::default(),
    };
    [
        figures::run(session, &figures).await.unwrap_err(),
        explain::run(session, &explain).await.unwrap_err(),
    ]
}

#[tokio::test]
async fn unknown_words_are_wrong_usage_and_known_ones_go_on() {
    let session = session(false).await;
    for (types, sum, told) in [
        (&["aid", "joint-patrols"][..], "events", "AID, JOINT_PATROL"),
        (&[], "patrol-miles", "aid_value_vnd, patrol_km"),
        (&["aid"], "patrol_miles", "aid_value_vnd, patrol_km"),
    ] {
        for error in asked(&session, types, sum).await {
            assert!(
                error.exit_code() == 2 && error.text().ends_with(told),
                "{}",
                error.text()
            );
        }
    }
    for (types, sum) in [(&["joint-patrol"][..], "patrol_km"), (&[], "persons")] {
        for error in asked(&session, types, sum).await {
            assert!(error.text().starts_with("UNIMPLEMENTED"), "{}", error.text());
        }
    }
}

#[tokio::test]
async fn a_catalogue_that_is_away_does_not_stand_in_the_way() {
    let session = session(true).await;
    for error in asked(&session, &["joint-patrols"], "patrol_miles").await {
        assert!(error.text().starts_with("UNIMPLEMENTED"), "{}", error.text());
    }
}
