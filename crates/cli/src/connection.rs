//! The connection to a server: one lazily opened HTTP/2 channel, and the clients that speak over it.
//!
//! It owns what every call carries (token, language, deadline) and how long an answer is waited for. It must not know
//! where server and token came from.

use crate::error::Error;
use crate::globals::Lang;
use banggiao_contracts::journal::v1::attachment_service_client::AttachmentServiceClient;
use banggiao_contracts::journal::v1::event_feed_service_client::EventFeedServiceClient;
use banggiao_contracts::journal::v1::event_service_client::EventServiceClient;
use banggiao_contracts::journal::v1::event_type_service_client::EventTypeServiceClient;
use banggiao_contracts::journal::v1::ledger_service_client::LedgerServiceClient;
use banggiao_contracts::registry::v1::access_service_client::AccessServiceClient;
use banggiao_contracts::registry::v1::import_service_client::ImportServiceClient;
use banggiao_contracts::registry::v1::registry_feed_service_client::RegistryFeedServiceClient;
use banggiao_contracts::registry::v1::unit_service_client::UnitServiceClient;
use banggiao_contracts::reporting::v1::figure_service_client::FigureServiceClient;
use banggiao_contracts::reporting::v1::indicator_service_client::IndicatorServiceClient;
use banggiao_contracts::reporting::v1::projection_service_client::ProjectionServiceClient;
use banggiao_contracts::reporting::v1::report_service_client::ReportServiceClient;
use banggiao_rpc::channel::{self, Bearer, KeepAlive};
use banggiao_rpc::tls::Trust;
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Response, Status, Streaming};

/// The largest message that is taken: a page of 1,000 events with long texts stays well below.
pub const MESSAGE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What calls go through.
pub type Service = InterceptedService<Channel, Headers>;

/// A connection to the gateway, or to a single service. Clones share the channel.
#[derive(Debug, Clone)]
pub struct Connection {
    channel: Channel,
    headers: Headers,
    server: Arc<str>,
    timeout: Duration,
}

/// Puts on every request who calls, in which language, and until when an answer is of use.
#[derive(Debug, Clone)]
pub struct Headers {
    bearer: Option<Bearer>,
    language: MetadataValue<Ascii>,
    timeout: Option<Duration>,
}

impl Interceptor for Headers {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(bearer) = &mut self.bearer {
            request = bearer.call(request)?;
        }
        request.metadata_mut().insert("accept-language", self.language.clone());
        if let Some(timeout) = self.timeout {
            request.set_timeout(timeout);
        }
        Ok(request)
    }
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident, $deadline:expr;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(&self) -> $client<Service> {
            $client::new(self.service($deadline)).max_decoding_message_size(MESSAGE_BYTES_MAX)
        })*
    };
}

/// Whether calls of a client carry the overall deadline of a unary call.
const UNARY: bool = true;
const STREAMING: bool = false;

impl Connection {
    /// Prepares a connection; it is opened by the first call. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Usage`] if the address is not one of a server, [`Error::Failure`] if the token cannot be a header.
    pub fn open(server: &str, token: Option<String>, timeout: Duration) -> Result<Self, Error> {
        Self::trusting(server, &Trust::default(), token, timeout)
    }

    /// As [`Connection::open`], also to an address with `https://`.
    ///
    /// # Errors
    /// As [`Connection::open`], and [`Error::Failure`] if the files for TLS are missing or cannot be used.
    pub fn trusting(server: &str, trust: &Trust, token: Option<String>, timeout: Duration) -> Result<Self, Error> {
        let address = if server.contains("://") {
            server.to_owned()
        } else {
            format!("http://{server}")
        };
        let unusable = || {
            Error::Usage(format!(
                "\"{server}\" is not the address of a server, such as http://127.0.0.1:7443"
            ))
        };
        let uri = address.parse::<http::Uri>().map_err(|_malformed| unusable())?;
        // The channel would take other schemes, and then fail at the first call with words that help nobody.
        let known =
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some_and(|host| !host.is_empty());
        if !known {
            return Err(unusable());
        }
        if uri.scheme_str() == Some("https") && trust.ca_file.is_none() {
            return Err(Error::Usage(format!(
                "{address} is reached with TLS: give --ca-file FILE, the authorities that are trusted, or name it in the \
                 profile"
            )));
        }
        let channel = channel::trusting(&address, trust, KeepAlive::DEFAULT).map_err(|error| match error {
            channel::Error::Address => unusable(),
            channel::Error::Tls(error) => Error::failure(error.to_string()),
        })?;
        let bearer = match token {
            Some(token) => Some(
                Bearer::new(&token).ok_or_else(|| Error::failure("the token holds characters that no token has"))?,
            ),
            None => None,
        };
        let headers = Headers {
            bearer,
            language: MetadataValue::from_static(Lang::En.key()),
            timeout: Some(timeout),
        };
        Ok(Self {
            channel,
            headers,
            server: address.into(),
            timeout,
        })
    }

    /// The same connection with messages in another language.
    #[must_use]
    pub fn with_language(mut self, lang: Lang) -> Self {
        self.headers.language = MetadataValue::from_static(lang.key());
        self
    }

    /// How long a unary call may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// What a client is built on: with the deadline of a unary call, or without any for streams.
    #[must_use]
    pub fn service(&self, unary: bool) -> Service {
        let mut headers = self.headers.clone();
        headers.timeout = headers.timeout.filter(|_| unary);
        InterceptedService::new(self.channel.clone(), headers)
    }

    clients! {
        /// Principals, grants, and who calls.
        access: AccessServiceClient, UNARY;
        /// Units, for their names.
        units: UnitServiceClient, UNARY;
        /// The registry's feed, for its head.
        registry_feed: RegistryFeedServiceClient, UNARY;
        /// The journal's feed, for its head.
        event_feed: EventFeedServiceClient, UNARY;
        /// The catalogue of event types.
        event_types: EventTypeServiceClient, UNARY;
        /// Single events.
        events: EventServiceClient, UNARY;
        /// The catalogue of indicators.
        indicators: IndicatorServiceClient, UNARY;
        /// Figures and positions.
        figures: FigureServiceClient, UNARY;
        /// The records behind figures, as a stream.
        explanations: FigureServiceClient, STREAMING;
        /// Reports as documents, as streams.
        report_streams: ReportServiceClient, STREAMING;
        /// The rebuilding of the projection, as a stream.
        projection_stream: ProjectionServiceClient, STREAMING;
        /// Checkpoints and proofs.
        ledger: LedgerServiceClient, UNARY;
        /// The whole log, as a stream.
        ledger_stream: LedgerServiceClient, STREAMING;
        /// Contents of attachments, as streams.
        attachment_streams: AttachmentServiceClient, STREAMING;
        /// Imports into the registry, as a stream.
        registry_imports: ImportServiceClient, STREAMING;
        /// Imports into the journal, as a stream.
        event_imports: EventServiceClient, STREAMING;
    }

    /// Waits for the answer to a unary call, but not longer than the timeout: a server that has begun an answer and
    /// does not end it is not covered by the deadline in the request.
    ///
    /// # Errors
    /// The call's status; DEADLINE_EXCEEDED after the timeout; UNAVAILABLE with the server's address if it could not
    /// be reached.
    pub async fn call<T>(&self, call: impl Future<Output = Result<Response<T>, Status>>) -> Result<T, Error> {
        match tokio::time::timeout(self.timeout, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(Error::from(self.located(status))),
            Err(_) => Err(Error::Status(Status::deadline_exceeded(format!(
                "no answer from {} within {} s",
                self.server,
                self.timeout.as_secs_f64()
            )))),
        }
    }

    /// Waits for the next message of a stream, each in the time of a call: a stream may be long, but not stand still.
    ///
    /// # Errors
    /// The stream's status; DEADLINE_EXCEEDED after the timeout.
    pub async fn next<M>(&self, stream: &mut Streaming<M>) -> Result<Option<M>, Error> {
        match tokio::time::timeout(self.timeout, stream.message()).await {
            Ok(message) => Ok(message?),
            Err(_) => Err(Error::Status(Status::deadline_exceeded(
                "no answer within the time that --timeout gives",
            ))),
        }
    }

    /// A failure to connect says which server was meant and what the system said.
    pub(crate) fn located(&self, status: Status) -> Status {
        // A server that demands a certificate refuses only after the connection stood, for which the library has several
        // codes, none of which is what it means.
        let of_transport = status
            .source()
            .is_some_and(<dyn std::error::Error>::is::<tonic::transport::Error>);
        if status.code() != Code::Unavailable && !of_transport || !status.details().is_empty() {
            return status;
        }
        let Some(mut cause) = status.source() else {
            return status;
        };
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        Status::unavailable(format!("{} cannot be reached: {cause}", self.server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::registry::v1::WhoAmIRequest;

    #[tokio::test]
    async fn an_address_is_checked_before_anything_is_sent() {
        let open = |server: &str| Connection::open(server, None, Duration::from_secs(1));
        for server in ["", "http://", "https://a:1", "https://", "ftp://a:1", "http://a b"] {
            assert_eq!(open(server).unwrap_err().exit_code(), 2, "{server}");
        }
        assert!(open("127.0.0.1:1").is_ok());
        assert!(Connection::open("http://a:1", Some("a\nb".into()), Duration::from_secs(1)).is_err());
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_named() {
        let connection = Connection::open("http://127.0.0.1:1", None, Duration::from_secs(5)).unwrap();
        let error = connection
            .call(connection.access().who_am_i(WhoAmIRequest {}))
            .await
            .unwrap_err();
        let text = error.text();
        assert!(
            text.starts_with("UNAVAILABLE: http://127.0.0.1:1 cannot be reached: "),
            "{text}"
        );
    }
}
