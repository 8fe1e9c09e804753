//! Acts on products, whoever is allowed to ask for them: decided on the product as it is now, and written with what
//! follows.

use bus::Outgoing;
use host::Change;
use kernel::{InstitutionId, ProductId, calendar::date_of};
use rpc::{Actor, Caller, Fault, audit::Entry};

use super::refusals::{not_found, of_product};
use crate::{
    domain::{
        institution::is_bank,
        product::{Act, Command, Person, Product, Side, Standing, Step, Version, decide},
        terms::ProductTerms,
    },
    journal::{self, Happened},
    reasons,
    store::{institutions, products, products::Described},
};

/// The frame of every act on one product: checks the request with `$fields`, lets `$act` carry it out in the change, and
/// commits it with what `$answer` makes of the product. `$own` is the institution that may act on its own products only.
macro_rules! act_on_product {
    ($face:expr, $request:ident, $method:literal, $action:literal, own: $own:expr,
        |$form:ident, $check:ident| $fields:expr,
        |$change:ident, $asked:ident, $values:pat_param| $act:expr,
        |$told:ident, $described:ident| $answer:expr $(,)?) => {{
        let own: Option<kernel::InstitutionId> = $own;
        let $form = $request.get_ref();
        let mut $check = rpc::check::Checker::new();
        let request_id = $check.request_id(&$form.request_id);
        let id = $check.id::<kernel::ProductId>("product_id", &$form.product_id);
        let fields = $fields;
        let (request_id, id, $values) = $check.all((request_id, id, fields))?;
        let mut $change = match $face.changes.begin(&$request, request_id, $method).await? {
            host::Begun::Repeat(answer) => return Ok(answer),
            host::Begun::Fresh(change) => change,
        };
        let by = $crate::rpc::acting::person($change.caller())?;
        let $asked = $crate::rpc::acting::Asked { own, ..$crate::rpc::acting::Asked::of(id, &by) };
        let done: $crate::rpc::acting::Done = $act.await?;
        let ($told, $described) = (&mut $change, &done.described);
        let answer = $answer;
        let response = $change.commit(answer, &done.entry($action), &done.messages).await?;
        Ok(response)
    }};
}
pub(super) use act_on_product;

/// An act of the centre on any product, answered with it in the named message.
macro_rules! staff_act {
    ($face:expr, $request:ident, $answer:ident, $method:literal, $action:literal, |$form:ident, $check:ident| $fields:expr, $($act:tt)+) => {
        $crate::rpc::acting::act_on_product!(
            $face, $request, $method, $action, own: None,
            |$form, $check| $fields,
            $($act)+,
            |_change, described| proto::catalog::v1::$answer {
                product: Some($crate::rpc::wire::product(described))
            }
        )
    };
}
pub(super) use staff_act;

/// Who acts, by a name that tells persons apart. An institution's own number of its person goes with it.
///
/// # Errors
/// `FIELD_REQUIRED`: an institution acts without a person.
pub(super) fn person(caller: &Caller) -> Result<Person, Fault> {
    match &caller.actor {
        Actor::Staff { .. } | Actor::Role(_) => Ok(Person(caller.audit_name())),
        Actor::Institution { person: Some(person), .. } => {
            Ok(Person(format!("{}/{person}", caller.audit_name())))
        }
        Actor::Institution { person: None, .. } => {
            Err(Fault::new(&rpc::reasons::FIELD_REQUIRED).field("acted_by"))
        }
    }
}

/// What an act is about beside the command.
pub(super) struct Asked<'a> {
    pub(super) id: ProductId,
    /// A product of another institution does not exist for this one.
    pub(super) own: Option<InstitutionId>,
    pub(super) by: &'a Person,
    /// Of a new version.
    pub(super) terms: Option<&'a ProductTerms>,
    /// What the act says.
    pub(super) text: &'a str,
}

impl<'a> Asked<'a> {
    pub(super) fn of(id: ProductId, by: &'a Person) -> Self {
        Self { id, own: None, by, terms: None, text: "" }
    }
}

/// A command that was carried out, or had been before.
pub(super) struct Done {
    pub(super) described: Described,
    pub(super) result: &'static str,
    pub(super) messages: Vec<Outgoing>,
}

impl Done {
    pub(super) fn entry(&self, action: &'static str) -> Entry {
        entry(action, &self.described.product, self.result)
    }
}

pub(super) fn entry(action: &'static str, product: &Product, result: &'static str) -> Entry {
    Entry { action, object_kind: "product", object_id: product.id.uuid(), purpose: super::PURPOSE, result }
}

/// A new draft of a bank; `field` names the bank in the request.
pub(super) async fn create(
    change: &mut Change,
    institution_id: InstitutionId,
    terms: ProductTerms,
    field: &str,
) -> Result<Described, Fault> {
    let bank = institutions::find(change.conn(), institution_id).await?;
    if !is_bank(bank.ok_or_else(|| not_found(field))?.role) {
        return Err(Fault::new(&reasons::NOT_A_BANK).field(field));
    }
    let by = person(change.caller())?;
    let now = change.now();
    let product = Product::create(ProductId::new(now, &mut rand::rng()), institution_id, by.clone());
    journal::create(change.conn(), &product, &by, &terms, now).await?;
    Ok(Described { version: product.newest, product, terms, approved_by: None, external_id: None })
}

/// Decides `command` on the product as it is now and writes what follows.
pub(super) async fn execute(change: &mut Change, asked: &Asked<'_>, command: Command) -> Result<Done, Fault> {
    let product = lock(change, asked).await?;
    let mut messages = Vec::new();
    let result = step(change, asked, product, command, &mut messages).await?.1;
    described(change, asked.id, result, messages).await
}

/// Publishes a version, by what its terms say of its days.
pub(super) async fn publish(change: &mut Change, asked: &Asked<'_>, version: Version) -> Result<Done, Fault> {
    let product = lock(change, asked).await?;
    let mut messages = Vec::new();
    let command = publication(change, asked.id, version).await?;
    let result = step(change, asked, product, command, &mut messages).await?.1;
    described(change, asked.id, result, messages).await
}

/// Approves a version and publishes it with that.
pub(super) async fn approve_and_publish(
    change: &mut Change,
    asked: &Asked<'_>,
    version: Version,
) -> Result<Done, Fault> {
    let product = lock(change, asked).await?;
    let mut messages = Vec::new();
    let in_force =
        matches!(product.standing, Standing::Published { version: current, .. } if current == version);
    if in_force {
        return described(change, asked.id, super::ALREADY, messages).await;
    }
    let (product, _) = step(change, asked, product, Command::Approve { version }, &mut messages).await?;
    let command = publication(change, asked.id, version).await?;
    let result = step(change, asked, product, command, &mut messages).await?.1;
    described(change, asked.id, result, messages).await
}

/// Drops the version on its way; what was never published is retired with it.
pub(super) async fn withdraw(
    change: &mut Change,
    asked: &Asked<'_>,
    version: Version,
) -> Result<Done, Fault> {
    let product = lock(change, asked).await?;
    let mut messages = Vec::new();
    if product.standing == Standing::Unpublished && product.newest == version {
        let result = step(change, asked, product, Command::Retire, &mut messages).await?.1;
        return described(change, asked.id, result, messages).await;
    }
    let result = step(change, asked, product, Command::Withdraw { version }, &mut messages).await?.1;
    described(change, asked.id, result, messages).await
}

async fn lock(change: &mut Change, asked: &Asked<'_>) -> Result<Product, Fault> {
    let product = products::lock(change.conn(), asked.id).await?;
    product
        .filter(|product| asked.own.is_none_or(|own| product.institution_id == own))
        .ok_or_else(|| not_found("product_id"))
}

async fn publication(change: &mut Change, id: ProductId, version: Version) -> Result<Command, Fault> {
    let today = date_of(change.now());
    let found = products::find(change.conn(), id, Some(version)).await?;
    let conditions = found.map(|found| found.terms.conditions);
    Ok(Command::Publish {
        version,
        from: conditions.as_ref().and_then(|conditions| conditions.effective_from),
        ended: conditions.is_some_and(|conditions| conditions.has_ended(today)),
    })
}

async fn step(
    change: &mut Change,
    asked: &Asked<'_>,
    product: Product,
    command: Command,
    messages: &mut Vec<Outgoing>,
) -> Result<(Product, &'static str), Fault> {
    let now = change.now();
    let side = if asked.own.is_some() { Side::Bank } else { Side::Centre };
    let act = Act { by: asked.by, side, now, today: date_of(now) };
    match decide(&product, command, &act).map_err(of_product)? {
        Step::AlreadyApplied => Ok((product, super::ALREADY)),
        Step::Executed(event) => {
            let happened =
                Happened { event: &event, by: asked.by, terms: asked.terms, text: asked.text, now };
            let (product, message) = journal::write(change.conn(), product, &happened).await?;
            messages.extend(message);
            Ok((product, super::DONE))
        }
    }
}

async fn described(
    change: &mut Change,
    id: ProductId,
    result: &'static str,
    messages: Vec<Outgoing>,
) -> Result<Done, Fault> {
    let described = products::find(change.conn(), id, None).await?.ok_or_else(|| not_found("product_id"))?;
    Ok(Done { described, result, messages })
}
