//! A virtual host with the topology of a test's roles, made when the first of them asks for it.

use engines::Engines;
use host::Role;
use tokio::sync::Mutex;

use crate::server::{admin, secrets, unique_name};

/// Tests' roles share their broker users, and the broker answers 400 to two who write the same user at once.
static DECLARING: Mutex<()> = Mutex::const_new(());

/// Makes a virtual host with exchange, queues and users, and gives its name back.
///
/// Each test has its own: in a shared one, a test's consumers would take the messages of the test beside it.
pub(crate) async fn create(engines: &Engines, roles: &[&'static Role]) -> String {
    let _one_at_a_time = DECLARING.lock().await;
    let name = unique_name();
    let declared =
        host::migrate::broker(&admin(engines, "postgres", &name), roles, &secrets(engines, roles)).await;
    declared.unwrap_or_else(|error| panic!("the broker's topology for the test's roles: {}", error.chain()));
    name
}
