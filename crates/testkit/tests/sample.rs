//! A role with a store, a queue and a face without methods.

use host::{BoxFuture, Host, HostError, Role};
use tonic::service::Routes;

pub(crate) static ROLE: Role = Role {
    name: "sample",
    migrator: host::shared_migrations,
    has_store: true,
    queues: &[bus::Queue { name: "sample.things.v1", binds: &["sample.thing-done.v1"] }],
    publishes: &["sample.thing-done.v1"],
    unhurried: &[],
    peers: &[],
    keys: &[],
    reasons: &[],
    serve,
};

fn serve(host: Host) -> BoxFuture<'static, Result<(), HostError>> {
    Box::pin(host.serve_grpc(Routes::default(), &[]))
}
