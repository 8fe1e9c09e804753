//! What follows when something happens to a product: its row, its record of acts, the shelf, the days that are waited for,
//! the 信易贷 platform, and what others are told. In the transaction of the change, whoever makes it.

use bus::Outgoing;
use chrono::{DateTime, Utc};
use kernel::calendar::start_of_day;
use sqlx::PgConnection;

use crate::{
    domain::{
        choices::Channel,
        product::{Event, Person, Product, Version, apply},
        publication::{Wish, wish},
        terms::ProductTerms,
    },
    messaging,
    store::{
        StoreError,
        acts::{self, Deadline, Note},
        products, publications, shelf,
    },
};

/// Something that happened.
pub(crate) struct Happened<'a> {
    pub(crate) event: &'a Event,
    pub(crate) by: &'a Person,
    /// The terms of a new version.
    pub(crate) terms: Option<&'a ProductTerms>,
    /// What the act says; may be empty.
    pub(crate) text: &'a str,
    pub(crate) now: DateTime<Utc>,
}

/// Writes a new product with version 1 of its terms.
pub(crate) async fn create(
    conn: &mut PgConnection,
    product: &Product,
    author: &Person,
    terms: &ProductTerms,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    products::insert(conn, product, author, now).await?;
    products::insert_version(conn, product.id, product.newest, terms, now).await?;
    let (product_id, revision, version) = (product.id, product.revision, product.newest);
    acts::record(conn, &Note { product_id, revision, version, act: "CREATED", by: author, text: "", at: now })
        .await
}

/// Writes what happened to `product`, which this transaction holds; gives it as it is afterwards, and the message for
/// others.
pub(crate) async fn write(
    conn: &mut PgConnection,
    product: Product,
    happened: &Happened<'_>,
) -> Result<(Product, Option<Outgoing>), StoreError> {
    let Happened { event, by, terms, text, now } = *happened;
    let before = product.on_shelf();
    let product = apply(product, event);
    let version = match event {
        Event::Revised { version, .. }
        | Event::Submitted { version, .. }
        | Event::Returned { version }
        | Event::Approved { version }
        | Event::Scheduled { version, .. }
        | Event::Published { version, .. }
        | Event::Withdrawn { version }
        | Event::Suspended { version, .. }
        | Event::Resumed { version } => *version,
        Event::Retired { .. } => product.shown(),
    };
    if let (Event::Revised { version, .. }, Some(terms)) = (event, terms) {
        products::insert_version(conn, product.id, *version, terms, now).await?;
    }
    products::update(conn, &product).await?;
    let (product_id, revision) = (product.id, product.revision);
    acts::record(conn, &Note { product_id, revision, version, act: event.code(), by, text, at: now }).await?;
    if before != product.on_shelf() {
        shelf::change(conn).await?;
    }
    let terms = match event {
        Event::Published { version, .. } | Event::Resumed { version } => {
            products::find(conn, product.id, Some(*version)).await?.map(|found| found.terms)
        }
        _ => None,
    };
    deadlines(conn, &product, event, terms.as_ref()).await?;
    platform(conn, &product, event, terms.as_ref(), now).await?;
    let message = messaging::product_changed(&product, event, now);
    Ok((product, message))
}

/// What is waited for: the day on which a version takes effect, and the one after its last.
async fn deadlines(
    conn: &mut PgConnection,
    product: &Product,
    event: &Event,
    terms: Option<&ProductTerms>,
) -> Result<(), StoreError> {
    let ends = |version: Version| {
        let last = terms.and_then(|terms| terms.conditions.effective_to);
        last.and_then(|last| last.succ_opt()).map(|day| (version, start_of_day(day)))
    };
    let id = product.id;
    match event {
        Event::Scheduled { version, on } => {
            acts::set_deadline(conn, id, Deadline::Effect, Some((*version, start_of_day(*on)))).await
        }
        Event::Published { version, .. } => {
            acts::set_deadline(conn, id, Deadline::Effect, None).await?;
            acts::set_deadline(conn, id, Deadline::End, ends(*version)).await
        }
        Event::Resumed { version } => acts::set_deadline(conn, id, Deadline::End, ends(*version)).await,
        Event::Revised { .. } | Event::Withdrawn { .. } => {
            acts::set_deadline(conn, id, Deadline::Effect, None).await
        }
        Event::Suspended { .. } => acts::set_deadline(conn, id, Deadline::End, None).await,
        Event::Retired { .. } => {
            acts::set_deadline(conn, id, Deadline::Effect, None).await?;
            acts::set_deadline(conn, id, Deadline::End, None).await
        }
        Event::Submitted { .. } | Event::Returned { .. } | Event::Approved { .. } => Ok(()),
    }
}

/// What is wanted of the platform from now on.
async fn platform(
    conn: &mut PgConnection,
    product: &Product,
    event: &Event,
    terms: Option<&ProductTerms>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let shown = terms.is_some_and(|terms| terms.conditions.channels.contains(Channel::Xyd));
    let wanted = match event {
        Event::Published { version, .. } | Event::Resumed { version } if shown => Wish::Shown(*version),
        Event::Published { .. } | Event::Resumed { .. } | Event::Suspended { .. } | Event::Retired { .. } => {
            Wish::Absent
        }
        Event::Revised { .. }
        | Event::Submitted { .. }
        | Event::Returned { .. }
        | Event::Approved { .. }
        | Event::Scheduled { .. }
        | Event::Withdrawn { .. } => return Ok(()),
    };
    let held = publications::lock(conn, product.id).await?;
    match wish(held.as_ref(), product.id, wanted, now) {
        Some(next) => publications::put(conn, &next).await,
        None => Ok(()),
    }
}
