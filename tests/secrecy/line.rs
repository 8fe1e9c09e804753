//! One call as it goes over the wire: bytes out, bytes in, headers, trailers, status and its details.

use prost::Message;
use prost::bytes::{Buf as _, BufMut as _};
use proto::partner::v1::assignment_service_client::AssignmentServiceClient;
use rpc::client::Channel;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{KeyAndValueRef, MetadataMap};
use tonic::{Request, Status};

/// What came back.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) messages: Vec<Vec<u8>>,
    pub(crate) status: Option<Status>,
}

/// Only to tie the paths below to the contract.
type _Contract = AssignmentServiceClient<Channel>;

/// Makes the call of this path, `/zhirong.partner.v1.AssignmentService/GetAssignment`.
pub(crate) async fn call(channel: &Channel, path: &'static str, request: &impl Message) -> Answer {
    let mut grpc = Grpc::new(channel.clone());
    let mut answer = Answer::default();
    let path = PathAndQuery::from_static(path);
    // As a stream of answers, so that headers and trailers come apart.
    let request = Request::new(request.encode_to_vec());
    grpc.ready().await.unwrap_or_else(|never| match never {});
    match grpc.server_streaming(request, path, Raw).await {
        Ok(response) => {
            answer.headers = entries(response.metadata());
            let mut stream = response.into_inner();
            loop {
                match stream.message().await {
                    Ok(Some(message)) => answer.messages.push(message),
                    Ok(None) => break,
                    Err(status) => {
                        answer.trailers = entries(status.metadata());
                        answer.status = Some(status);
                        return answer;
                    }
                }
            }
            if let Ok(Some(trailers)) = stream.trailers().await {
                answer.trailers = entries(&trailers);
            }
        }
        Err(status) => {
            answer.headers = entries(status.metadata());
            answer.status = Some(status);
        }
    }
    answer
}

/// In the order in which they came.
fn entries(metadata: &MetadataMap) -> Vec<(String, String)> {
    metadata
        .iter()
        .map(|entry| match entry {
            KeyAndValueRef::Ascii(key, value) => {
                (key.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
            }
            KeyAndValueRef::Binary(key, value) => (key.to_string(), format!("{:02x?}", value.to_bytes())),
        })
        .collect()
}

#[derive(Debug, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; bytes.remaining()];
        bytes.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}
