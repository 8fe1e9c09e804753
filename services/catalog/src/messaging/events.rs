//! From what happened here to what others are told: ids and codes, never a name.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use proto::catalog::v1 as wire;

use crate::domain::{
    institution::Institution,
    product::{Event, Product},
};

const INSTITUTION_CHANGED: &str = "catalog.institution-changed.v1";
const PRODUCT_PUBLISHED: &str = "catalog.product-published.v1";
const PRODUCT_SUSPENDED: &str = "catalog.product-suspended.v1";
const PRODUCT_RETIRED: &str = "catalog.product-retired.v1";

/// Every type that this role publishes.
pub const PUBLISHES: &[&str] = &[INSTITUTION_CHANGED, PRODUCT_PUBLISHED, PRODUCT_SUSPENDED, PRODUCT_RETIRED];

/// Of a registration as of every later change.
pub fn institution_changed(institution: &Institution, now: DateTime<Utc>) -> Outgoing {
    let body = wire::InstitutionChanged {
        institution_id: institution.id.to_string(),
        role: institution.role.number(),
        has_department: institution.responsible_department.is_some(),
    };
    Outgoing::new(INSTITUTION_CHANGED, institution.id.uuid(), i64::from(institution.version), now, &body)
}

/// What others are told of a change; terms are nobody's business until they are published. `product` is the product after
/// the event. Resumed is published again.
pub fn product_changed(product: &Product, event: &Event, now: DateTime<Utc>) -> Option<Outgoing> {
    let (product_id, institution_id) = (product.id.to_string(), product.institution_id.to_string());
    let (id, revision) = (product.id.uuid(), product.revision);
    match *event {
        Event::Revised { .. }
        | Event::Submitted { .. }
        | Event::Returned { .. }
        | Event::Approved { .. }
        | Event::Scheduled { .. }
        | Event::Withdrawn { .. } => None,
        Event::Published { version, .. } | Event::Resumed { version } => {
            let body = wire::ProductPublished { product_id, version, institution_id };
            Some(Outgoing::new(PRODUCT_PUBLISHED, id, revision, now, &body))
        }
        Event::Suspended { .. } => {
            let body = wire::ProductSuspended { product_id, institution_id };
            Some(Outgoing::new(PRODUCT_SUSPENDED, id, revision, now, &body))
        }
        Event::Retired { .. } => {
            let body = wire::ProductRetired { product_id, institution_id };
            Some(Outgoing::new(PRODUCT_RETIRED, id, revision, now, &body))
        }
    }
}
