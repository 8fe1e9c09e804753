//! `ProductService`, for banks: their own products, which catalog keeps and the centre reviews. Nothing is kept here; what
//! an institution may see and do is catalog's to decide, and it is told who asks by the token that this edge signs.

use std::time::Duration;

use kernel::ProductId;
use proto::catalog::v1 as catalog;
use proto::catalog::v1::own_product_service_client::OwnProductServiceClient;
use proto::partner::v1::product_service_server::ProductService;
use proto::partner::v1::{
    CreateProductRequest, GetProductRequest, ListProductsRequest, ListProductsResponse, PendingProduct,
    Product, ProductRequest, ProductVersionRequest, ReviseProductRequest,
};
use rpc::check::Checker;
use rpc::client::{ActAs, Channel};
use rpc::{Actor, Answer, Fault, reasons as shared};
use tonic::{Code, Request, Response, Status};

use super::{acting::Institution, checks};
use crate::wire::PRODUCTS;

const CATALOG: &str = "catalog";
/// A handful of indexed statements: longer than this, the institution had better try again.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) struct Products(OwnProductServiceClient<Channel>);

impl Products {
    pub(super) fn new(catalog: Channel) -> Self {
        Self(OwnProductServiceClient::new(catalog))
    }
}

/// The question to catalog, in the name of who asked here.
fn ask<T>(actor: Actor, question: T) -> Request<T> {
    let mut request = Request::new(question);
    request.set_timeout(LIMIT);
    request.extensions_mut().insert(ActAs(actor));
    request
}

/// Catalog's refusals are the institution's to read; only what does not exist is said in the terms of this face.
fn refused(answer: Status) -> Status {
    match answer.code() {
        Code::NotFound => Fault::new(&shared::NOT_FOUND).field("name").into(),
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::AlreadyExists
        | Code::ResourceExhausted => {
            Status::with_details(answer.code(), answer.message(), answer.details().to_vec().into())
        }
        _ => Fault::of_peer(CATALOG, answer).into(),
    }
}

/// Checks a change of an own product, asks catalog for it in the name of the acting person and answers with the product.
macro_rules! change {
    ($self:ident, $request:ident, $verb:ident, |$form:ident, $check:ident, $id:ident| $question:expr) => {{
        let institution = Institution::of(&$request)?;
        let $form = $request.into_inner();
        let mut $check = Checker::new();
        let request_id = $check.request_id(&$form.request_id);
        let person = checks::person(&mut $check, &$form.acted_by);
        let id = checks::product(&mut $check, &$form.name);
        let (_, person, $id) = $check.all((request_id, person, id))?;
        let question = ask(institution.acting(person).caller.actor, $question);
        let answer = $self.0.clone().$verb(question).await.map_err(refused)?;
        Ok(Response::new(product(answer.into_inner())?))
    }};
}

#[tonic::async_trait]
impl ProductService for Products {
    async fn list_products(&self, request: Request<ListProductsRequest>) -> Answer<ListProductsResponse> {
        let institution = Institution::of(&request)?;
        let ListProductsRequest { page_size, page_token } = request.into_inner();
        let question = catalog::ListOwnProductsRequest { page_size, page_token };
        let question = ask(institution.caller.actor, question);
        let answer = self.0.clone().list_own_products(question).await.map_err(refused)?.into_inner();
        let products = answer.products.into_iter().map(product).collect::<Result<_, Fault>>()?;
        Ok(Response::new(ListProductsResponse { products, next_page_token: answer.next_page_token }))
    }

    async fn get_product(&self, request: Request<GetProductRequest>) -> Answer<Product> {
        let institution = Institution::of(&request)?;
        let mut check = Checker::new();
        let id = checks::product(&mut check, &request.get_ref().name);
        let (id,) = check.all((id,))?;
        let question = catalog::GetOwnProductRequest { product_id: id.to_string() };
        let question = ask(institution.caller.actor, question);
        let answer = self.0.clone().get_own_product(question).await.map_err(refused)?;
        Ok(Response::new(product(answer.into_inner())?))
    }

    async fn create_product(&self, request: Request<CreateProductRequest>) -> Answer<Product> {
        let institution = Institution::of(&request)?;
        let form = request.into_inner();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let person = checks::person(&mut check, &form.acted_by);
        let (_, person) = check.all((request_id, person))?;
        let question = catalog::CreateOwnProductRequest { request_id: form.request_id, terms: form.terms };
        let question = ask(institution.acting(person).caller.actor, question);
        let answer = self.0.clone().create_own_product(question).await.map_err(refused)?;
        Ok(Response::new(product(answer.into_inner())?))
    }

    async fn revise_product(&self, request: Request<ReviseProductRequest>) -> Answer<Product> {
        change!(self, request, revise_own_product, |form, check, id| catalog::ReviseOwnProductRequest {
            request_id: form.request_id,
            product_id: id.to_string(),
            newest_version: form.newest_version,
            terms: form.terms,
        })
    }

    async fn submit_product(&self, request: Request<ProductVersionRequest>) -> Answer<Product> {
        change!(self, request, submit_own_product, |form, check, id| version(form, id))
    }

    async fn withdraw_product(&self, request: Request<ProductVersionRequest>) -> Answer<Product> {
        change!(self, request, withdraw_own_product, |form, check, id| version(form, id))
    }

    async fn suspend_product(&self, request: Request<ProductRequest>) -> Answer<Product> {
        change!(self, request, suspend_own_product, |form, check, id| about(form, id))
    }

    async fn resume_product(&self, request: Request<ProductRequest>) -> Answer<Product> {
        change!(self, request, resume_own_product, |form, check, id| about(form, id))
    }

    async fn retire_product(&self, request: Request<ProductRequest>) -> Answer<Product> {
        change!(self, request, retire_own_product, |form, check, id| about(form, id))
    }
}

fn version(form: ProductVersionRequest, id: ProductId) -> catalog::OwnVersionRequest {
    catalog::OwnVersionRequest {
        request_id: form.request_id,
        product_id: id.to_string(),
        version: form.version,
    }
}

fn about(form: ProductRequest, id: ProductId) -> catalog::OwnProductRequest {
    catalog::OwnProductRequest { request_id: form.request_id, product_id: id.to_string() }
}

/// As its bank sees it: the centre's persons have no names here.
fn product(own: catalog::OwnProduct) -> Result<Product, Fault> {
    let known = own.product.ok_or_else(|| {
        Fault::new(&shared::INTERNAL).metadata("peer", CATALOG).source("an answer without a product")
    })?;
    let published = known.published_at.is_some();
    let pending = known.pending.as_ref().map(|pending| PendingProduct {
        version: pending.version,
        // The two tables have the same numbers.
        state: pending.state,
        returned_text: own.returned_text,
        effective_on: pending.effective_on.clone(),
    });
    Ok(Product {
        name: format!("{PRODUCTS}{}", known.product_id),
        state: known.state,
        version: if published { known.version } else { 0 },
        terms: known.terms.filter(|_| published),
        published_at: known.published_at,
        newest_version: known.newest_version,
        newest_terms: own.newest_terms,
        pending,
    })
}

#[cfg(test)]
mod tests {
    use proto::{catalog::v1::ProductState as Kept, partner::v1::ProductState as Told};

    use super::*;

    #[test]
    fn the_states_of_a_product_have_the_same_numbers_on_both_faces() {
        for number in 0..=8 {
            let (kept, told) = (Kept::try_from(number).ok(), Told::try_from(number).ok());
            assert_eq!(kept.map(|state| state.as_str_name()), told.map(|state| state.as_str_name()));
        }
    }

    #[test]
    fn a_product_that_was_never_published_shows_nothing_in_force() {
        let draft = catalog::Product { version: 1, newest_version: 1, ..catalog::Product::default() };
        let terms = catalog::ProductTerms::default();
        let own = |published_at| catalog::OwnProduct {
            product: Some(catalog::Product { published_at, terms: Some(terms.clone()), ..draft.clone() }),
            newest_terms: Some(terms.clone()),
            returned_text: String::new(),
        };
        let told = product(own(None)).unwrap();
        assert_eq!((told.version, told.terms, told.newest_version), (0, None, 1));
        let told = product(own(Some(prost_types::Timestamp::default()))).unwrap();
        assert_eq!((told.version, told.terms), (1, Some(terms.clone())));
        assert!(product(catalog::OwnProduct::default()).is_err());
    }

    #[test]
    fn what_does_not_exist_is_said_of_the_name_and_trouble_of_catalog_stays_inside() {
        let reason = |status: &Status| rpc::status::reason(status);
        let missing = refused(Fault::new(&shared::NOT_FOUND).field("product_id").into());
        assert_eq!(rpc::status::violations(&missing), [("name".to_owned(), "NOT_FOUND".to_owned())]);
        let told = refused(Fault::new(&shared::VERSION_CONFLICT).field("newest_version").into());
        assert_eq!((told.code(), reason(&told).as_deref()), (Code::Aborted, Some("VERSION_CONFLICT")));
        let denied = refused(Fault::new(&shared::PERMISSION_DENIED).into());
        assert_eq!(reason(&denied).as_deref(), Some("INTERNAL"));
        assert_eq!(reason(&refused(Fault::new(&shared::UNAVAILABLE).into())).as_deref(), Some("UNAVAILABLE"));
    }
}
