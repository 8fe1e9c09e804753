//! Days that come by themselves: a version takes effect on its first day, and is off the shelf after its last.

use std::time::Duration;

use chrono::{DateTime, Days, Utc};
use kernel::{
    Clock as _,
    calendar::{date_of, start_of_day},
};
use proto::catalog::v1 as wire;
use rpc::Duty;
use tonic::Code;

use crate::support::{Stand, assert_refused, new_id, publication, terms};

const LIMIT: Duration = Duration::from_secs(20);

/// The stand's clock stands still at noon of a day from here on.
fn noon(stand: &Stand) -> DateTime<Utc> {
    let noon = start_of_day(date_of(stand.ground.clock().now())) + chrono::TimeDelta::hours(12);
    stand.ground.clock().set(noon);
    noon
}

async fn get(stand: &Stand, id: &str) -> wire::Product {
    let request = wire::GetProductRequest { product_id: id.to_owned(), version: 0 };
    stand.clerk().get_product(request).await.unwrap().into_inner()
}

#[tokio::test]
async fn a_version_published_for_a_day_to_come_takes_effect_on_that_day_and_once() {
    let stand = Stand::new().await;
    let now = noon(&stand);
    let on = date_of(now) + Days::new(3);
    let bank = stand.bank("济水村镇银行").await;
    let draft = stand.draft(&bank, wire::ProductTerms { effective_from: on.to_string(), ..terms() }).await;
    let waiting = stand.publish(&draft.product_id, 1).await;
    assert_eq!(waiting.state(), wire::ProductState::Approved);
    assert_eq!(waiting.pending.as_ref().unwrap().effective_on, on.to_string());
    let told = stand.owed().await.len();

    // The day before, nothing has happened, however often is looked.
    stand.ground.clock().set(start_of_day(on) - chrono::TimeDelta::seconds(1));
    let answer = stand.supervisor().publish_product(publication(&draft.product_id, 1)).await.unwrap();
    assert_eq!(answer.into_inner().product.unwrap(), waiting, "publishing twice changes nothing");
    stand.ground.clock().set(start_of_day(on));
    testkit::eventually(LIMIT, || async {
        get(&stand, &draft.product_id).await.state() == wire::ProductState::Published
    })
    .await;
    let told: Vec<_> = stand.owed().await.into_iter().skip(told).map(|(kind, _)| kind).collect();
    assert_eq!(told, ["catalog.product-published.v1"]);
    let by_itself = ("role:catalog".to_owned(), "PUBLISH_PRODUCT".to_owned(), "DONE".to_owned());
    assert_eq!(stand.audited().await.last(), Some(&by_itself));
}

#[tokio::test]
async fn a_product_is_off_the_shelf_after_its_last_day_and_not_resumed_without_new_terms() {
    let stand = Stand::new().await;
    let now = noon(&stand);
    let last = date_of(now) + Days::new(1);
    let bank = stand.bank("济水村镇银行").await;
    let lasting = wire::ProductTerms { effective_to: last.to_string(), ..terms() };
    let id = stand.published(&bank, lasting.clone()).await;
    stand.ground.clock().set(start_of_day(last + Days::new(1)));
    testkit::eventually(LIMIT, || async { get(&stand, &id).await.state() == wire::ProductState::Suspended })
        .await;
    let resume = wire::ResumeProductRequest { request_id: new_id(), product_id: id.clone() };
    let answer = stand.review(Duty::Clerk).resume_product(resume).await;
    assert_refused(answer, Code::FailedPrecondition, "PRODUCT_ENDED", Some("product_id"));

    // Other terms bring it back, through review.
    let request = wire::ReviseProductRequest {
        request_id: new_id(),
        product_id: id.clone(),
        newest_version: 1,
        terms: Some(wire::ProductTerms { effective_to: String::new(), ..lasting }),
    };
    stand.clerk().revise_product(request).await.unwrap();
    let approve = crate::support::approval(&id, 2);
    let product = stand.review(Duty::Supervisor).approve_product(approve).await.unwrap().into_inner().product;
    let product = product.unwrap();
    assert_eq!((product.state(), product.version), (wire::ProductState::Published, 2));
}

#[tokio::test]
async fn a_version_whose_day_comes_while_the_centre_holds_the_product_takes_effect_when_it_is_resumed() {
    let stand = Stand::new().await;
    let now = noon(&stand);
    let first = date_of(now) + Days::new(3);
    let bank = stand.bank("济水村镇银行").await;
    let ending = wire::ProductTerms { effective_to: (date_of(now) + Days::new(2)).to_string(), ..terms() };
    let (id, free) =
        (stand.published(&bank, ending.clone()).await, stand.published(&bank, ending.clone()).await);
    for id in [&id, &free] {
        let revise = wire::ReviseProductRequest {
            request_id: new_id(),
            product_id: id.clone(),
            newest_version: 1,
            terms: Some(wire::ProductTerms {
                effective_from: first.to_string(),
                effective_to: String::new(),
                ..ending.clone()
            }),
        };
        stand.clerk().revise_product(revise).await.unwrap();
        let approve = crate::support::approval(id, 2);
        stand.review(Duty::Supervisor).approve_product(approve).await.unwrap();
    }
    let suspend = wire::SuspendProductRequest { request_id: new_id(), product_id: id.clone() };
    stand.review(Duty::Clerk).suspend_product(suspend).await.unwrap();

    stand.ground.clock().set(start_of_day(first));
    // The last day of one is over and the next begins; the other has both days behind it and stays.
    testkit::eventually(LIMIT, || async {
        let product = get(&stand, &free).await;
        (product.state(), product.version) == (wire::ProductState::Published, 2)
    })
    .await;
    testkit::eventually(LIMIT, || async {
        let waits: i64 =
            sqlx::query_scalar("SELECT count(*) FROM product_deadline WHERE product_id = $1::uuid")
                .bind(&id)
                .fetch_one(&stand.ground.pool(&catalog::ROLE))
                .await
                .unwrap();
        waits == 0
    })
    .await;
    let held = get(&stand, &id).await;
    assert_eq!((held.state(), held.version), (wire::ProductState::Suspended, 1));
    assert_eq!(held.suspended_by, "CENTRE");
    let resume = wire::ResumeProductRequest { request_id: new_id(), product_id: id.clone() };
    let answer = stand.review(Duty::Clerk).resume_product(resume).await.unwrap().into_inner();
    let resumed = answer.product.unwrap();
    assert_eq!((resumed.state(), resumed.version), (wire::ProductState::Published, 2));
}
