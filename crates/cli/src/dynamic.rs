//! Calls by descriptor: any unary method of the contracts, with messages that are known at run time only.
//!
//! It owns the descriptor pool and the codec. It must not know which methods there are.

use crate::connection::{Connection, MESSAGE_BYTES_MAX};
use crate::error::Error;
use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor};
use std::sync::LazyLock;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Request, Status};

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(banggiao_contracts::FILE_DESCRIPTOR_SET).ok());

/// The descriptors of all contracts.
fn pool() -> Result<&'static DescriptorPool, Error> {
    POOL.as_ref()
        .ok_or_else(|| Error::failure("the contracts in this binary cannot be read"))
}

/// The method of that name, as `banggiao.registry.v1.UnitService/ListUnits`.
///
/// # Errors
/// [`Error::Failure`] if the contracts hold no such method.
pub fn method(name: &str) -> Result<MethodDescriptor, Error> {
    let found = name.split_once('/').and_then(|(service, method)| {
        let service = pool().ok()?.get_service_by_name(service)?;
        service.methods().find(|candidate| candidate.name() == method)
    });
    found.ok_or_else(|| Error::failure(format!("the contracts hold no method {name}")))
}

/// The descriptor of a type of message.
///
/// # Errors
/// [`Error::Failure`] if the contracts do not hold it.
pub fn descriptor<M: prost::Name>() -> Result<MessageDescriptor, Error> {
    let name = M::full_name();
    pool()?
        .get_message_by_name(&name)
        .ok_or_else(|| Error::failure(format!("the contracts hold no message {name}")))
}

/// A typed message as one by descriptor.
///
/// # Errors
/// [`Error::Failure`] if the contracts do not hold its type.
pub fn message<M: Message + prost::Name>(typed: &M) -> Result<DynamicMessage, Error> {
    let mut message = DynamicMessage::new(descriptor::<M>()?);
    message
        .transcode_from(typed)
        .map_err(|error| Error::Failure(error.into()))?;
    Ok(message)
}

/// Calls a unary method.
///
/// # Errors
/// As [`Connection::call`].
pub async fn unary(
    connection: &Connection,
    method: &MethodDescriptor,
    request: DynamicMessage,
) -> Result<DynamicMessage, Error> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let path = PathAndQuery::try_from(path).map_err(|error| Error::Failure(error.into()))?;
    let codec = DynamicCodec {
        response: method.output(),
    };
    let mut client = tonic::client::Grpc::new(connection.service(true)).max_decoding_message_size(MESSAGE_BYTES_MAX);
    connection
        .call(async {
            client
                .ready()
                .await
                .map_err(|error| Status::unavailable(error.to_string()))?;
            client.unary(Request::new(request), path, codec).await
        })
        .await
}

/// Calls a unary method with messages that are known.
///
/// # Errors
/// As [`Connection::call`].
pub async fn ask<Q, A>(connection: &Connection, method_name: &str, request: &Q) -> Result<A, Error>
where
    Q: Message + prost::Name,
    A: Message + Default,
{
    let response = unary(connection, &method(method_name)?, message(request)?).await?;
    response.transcode_to().map_err(|error| Error::Failure(error.into()))
}

/// Reads a message of the contracts from its protobuf JSON, in which no unknown field may stand.
///
/// # Errors
/// [`Error::Failure`] that says where the text is none.
pub fn from_json<M: Message + Default + prost::Name>(text: &str) -> Result<M, Error> {
    let name = M::full_name();
    let descriptor = pool()?
        .get_message_by_name(&name)
        .ok_or_else(|| Error::failure(format!("the contracts hold no message {name}")))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let failed = |error: serde_json::Error| Error::failure(format!("it is not the JSON of {name}: {error}"));
    let message = DynamicMessage::deserialize(descriptor, &mut reader).map_err(failed)?;
    reader.end().map_err(failed)?;
    message.transcode_to().map_err(|error| Error::Failure(error.into()))
}

/// Writes any message, and reads messages of one type.
#[derive(Debug, Clone)]
struct DynamicCodec {
    response: MessageDescriptor,
}

/// The writing half of the codec.
#[derive(Debug)]
struct DynamicEncoder;

/// The reading half of the codec.
#[derive(Debug)]
struct DynamicDecoder(MessageDescriptor);

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = DynamicEncoder;
    type Decoder = DynamicDecoder;

    fn encoder(&mut self) -> DynamicEncoder {
        DynamicEncoder
    }

    fn decoder(&mut self) -> DynamicDecoder {
        DynamicDecoder(self.response.clone())
    }
}

impl Encoder for DynamicEncoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message
            .encode(buffer)
            .map_err(|error| Status::internal(format!("the request cannot be written: {error}")))
    }
}

impl Decoder for DynamicDecoder {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        DynamicMessage::decode(self.0.clone(), buffer)
            .map(Some)
            .map_err(|error| Status::internal(format!("the response cannot be read: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use banggiao_contracts::registry::v1::{ListUnitsRequest, UnitFilter};

    #[test]
    fn a_message_goes_there_and_back() {
        let typed = ListUnitsRequest {
            filter: Some(UnitFilter {
                countries: vec!["VN".into()],
                ..UnitFilter::default()
            }),
            page_size: 7,
            ..ListUnitsRequest::default()
        };
        let message = message(&typed).unwrap();
        assert_eq!(message.encode_to_vec(), typed.encode_to_vec());
        assert_eq!(message.transcode_to::<ListUnitsRequest>().unwrap(), typed);
    }

    #[test]
    fn methods_are_found_by_name() {
        let found = method("banggiao.registry.v1.UnitService/ListUnits").unwrap();
        assert_eq!(found.output().full_name(), "banggiao.registry.v1.ListUnitsResponse");
        for name in [
            "banggiao.registry.v1.UnitService/Burn",
            "banggiao.registry.v1.UnitService",
            "",
            "a/b",
        ] {
            assert_eq!(method(name).unwrap_err().exit_code(), 1, "{name}");
        }
    }
}
