//! Brings the broker to the declared topology. Doing it again changes nothing; what is no longer declared is unbound.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::admin::{AdminError, BrokerAdmin};
use super::{EXCHANGE, Queue, RoleTopology};

/// How often the broker delivers one message before it gives up: a last resort, far beyond the redeliveries after which
/// a consumer takes the message into its table. Unset it would be 20 since RabbitMQ 4.0, and dropping.
const DELIVERY_LIMIT: u32 = 1000;
/// Dead letters are only ever moved into a table; nothing lies behind their queue, so nothing may push them out of it.
const DEAD_DELIVERY_LIMIT: u32 = 1_000_000;

/// The broker user of a role.
pub fn user(role: &str) -> String {
    format!("zhirong_{role}")
}

/// Declares virtual host, exchange, queues with their dead-letter queues, bindings, policies, and each role's user, who
/// may read its own queues, publish its own types, and configure nothing. The second of each pair is the password.
pub async fn declare(
    admin: &BrokerAdmin,
    vhost: &str,
    roles: &[(RoleTopology, String)],
) -> Result<(), AdminError> {
    admin.put(&["vhosts", vhost], json!({})).await?;
    let all = json!({"configure": ".*", "write": ".*", "read": ".*"});
    admin.put(&["permissions", vhost, admin.user()], all).await?;
    admin
        .put(&["exchanges", vhost, EXCHANGE], json!({"type": "topic", "durable": true, "auto_delete": false}))
        .await?;
    for (role, password) in roles {
        for queue in role.queues {
            declare_queue(admin, vhost, queue).await?;
        }
        declare_user(admin, vhost, role, password).await?;
    }
    Ok(())
}

async fn declare_queue(admin: &BrokerAdmin, vhost: &str, queue: &Queue) -> Result<(), AdminError> {
    let dead = queue.dead();
    // Policies first: a queue is never without its limit. Dead letters go through the default exchange, which routes by
    // the name of the queue.
    let definition = json!({
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": "",
        "dead-letter-routing-key": dead,
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    });
    declare_policy(admin, vhost, queue.name, definition).await?;
    declare_policy(admin, vhost, &dead, json!({"delivery-limit": DEAD_DELIVERY_LIMIT})).await?;
    for name in [dead.as_str(), queue.name] {
        let quorum = json!({"durable": true, "auto_delete": false, "arguments": {"x-queue-type": "quorum"}});
        admin.put(&["queues", vhost, name], quorum).await?;
    }
    bind(admin, vhost, queue).await
}

async fn declare_policy(
    admin: &BrokerAdmin,
    vhost: &str,
    name: &str,
    definition: Value,
) -> Result<(), AdminError> {
    let body = json!({
        "pattern": format!("^{}$", escape(name)),
        "apply-to": "queues",
        "priority": 10,
        "definition": definition,
    });
    admin.put(&["policies", vhost, name], body).await
}

/// Binds what is declared and unbinds what is not: a type that a queue no longer wants would be parked for ever.
async fn bind(admin: &BrokerAdmin, vhost: &str, queue: &Queue) -> Result<(), AdminError> {
    let path = ["bindings", vhost, "e", EXCHANGE, "q", queue.name];
    let present = admin.get(&path).await?.unwrap_or_default();
    let text = |binding: &Value, field: &str| binding.get(field).and_then(Value::as_str).map(str::to_owned);
    let present: Vec<(String, String)> = present
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
        .iter()
        .filter_map(|b| Some((text(b, "routing_key")?, text(b, "properties_key")?)))
        .collect();
    let wanted: BTreeSet<&str> = queue.binds.iter().copied().collect();
    for pattern in &wanted {
        if !present.iter().any(|(key, _)| key == pattern) {
            admin.post(&path, json!({"routing_key": pattern})).await?;
        }
    }
    for (key, properties_key) in &present {
        if !wanted.contains(key.as_str()) {
            let path = ["bindings", vhost, "e", EXCHANGE, "q", queue.name, properties_key];
            admin.delete(&path).await?;
        }
    }
    Ok(())
}

async fn declare_user(
    admin: &BrokerAdmin,
    vhost: &str,
    role: &RoleTopology,
    password: &str,
) -> Result<(), AdminError> {
    let user = user(role.role);
    admin.put(&["users", &user], json!({"password": password, "tags": ""})).await?;
    let readable = role.queues.iter().flat_map(|queue| [queue.name.to_owned(), queue.dead()]);
    let write = if role.publishes.is_empty() { NOTHING.to_owned() } else { one_of([EXCHANGE.to_owned()]) };
    let permissions = json!({"configure": NOTHING, "write": write, "read": one_of(readable)});
    admin.put(&["permissions", vhost, &user], permissions).await?;
    let types = role.publishes.iter().map(|kind| (*kind).to_owned());
    let topics = json!({"exchange": EXCHANGE, "write": one_of(types), "read": NOTHING});
    admin.put(&["topic-permissions", vhost, &user], topics).await
}

/// The pattern that no name matches but the empty one.
const NOTHING: &str = "^$";

fn one_of(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| escape(&name)).collect();
    if names.is_empty() { NOTHING.to_owned() } else { format!("^({})$", names.join("|")) }
}

/// For names of ours, a dot is the only character that a pattern would read otherwise.
fn escape(name: &str) -> String {
    name.replace('.', "\\.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_names_whole_names_only() {
        assert_eq!(one_of([]), "^$");
        assert_eq!(one_of(["a.b".to_owned(), "c".to_owned()]), "^(a\\.b|c)$");
    }
}
