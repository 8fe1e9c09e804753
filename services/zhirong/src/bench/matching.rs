//! `MatchProducts` over a full shelf, by the call that intake makes: one need at a time, answered by the running catalog.

use std::time::Instant;

use anyhow::{Context as _, Result};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proto::{
    catalog::v1::{self as catalog, catalog_service_client::CatalogServiceClient},
    common::v1::InstitutionRole,
};
use rpc::{Actor, Duty};
use uuid::Uuid;

use super::{command::Matching, latency::Latencies, register::Shelf};
use crate::{
    run_dir::RunDir,
    system::{ActingChannel, Options, System},
};

/// Products of one bank.
const PER_BANK: usize = 8;
/// Banks that are registered at once.
const AT_ONCE: usize = 16;
/// Questions that are not counted: the shelf is read with the first.
const WARM_UP: usize = 50;
const WAN_FEN: i64 = 1_000_000;

pub(super) async fn run(options: &Matching) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("zhirong-bench-{}", Uuid::new_v4().simple()));
    std::fs::create_dir_all(&scratch)?;
    println!("启动系统… (starting the system)");
    let settings = Options::scratch(RunDir::at(&scratch)?).set("ZHIRONG_LOG", "warn");
    let system = System::start(settings).await?;
    let measured = measure(&system, options).await;
    system.stop().await?;
    std::fs::remove_dir_all(&scratch)?;
    measured
}

async fn measure(system: &System, options: &Matching) -> Result<()> {
    let begun = Instant::now();
    let shelf = Shelf::of(system)?;
    let banks = options.products.div_ceil(PER_BANK);
    stream::iter(0..banks)
        .map(|bank| stock(shelf.clone(), bank, (options.products - bank * PER_BANK).min(PER_BANK)))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    let (products, took) = (options.products, begun.elapsed().as_secs_f64());
    println!("上架产品 {products} 个（{banks} 家银行），用时 {took:.1} s (products on the shelf)");

    let duties = vec![Duty::Clerk];
    let channel = system.channel("catalog", Actor::Staff { id: "bench".to_owned(), duties })?;
    let client = CatalogServiceClient::new(channel);
    for explain in [false, true] {
        let (latencies, fits) = ask(client.clone(), options.questions, explain).await?;
        let kind = if explain { "with every reason" } else { "fits only" };
        println!(
            "逐一提问 {} 次 ({kind}): {}; on average {:.1} of {products} fit",
            latencies.count(),
            latencies.text(),
            fits as f64 / latencies.count() as f64,
        );
    }
    Ok(())
}

async fn ask(
    mut client: CatalogServiceClient<ActingChannel>,
    questions: usize,
    explain: bool,
) -> Result<(Latencies, usize)> {
    let (mut latencies, mut fits) = (Latencies::default(), 0);
    for number in 0..WARM_UP + questions {
        let request = catalog::MatchProductsRequest { needs: vec![need(number)], explain };
        let begun = Instant::now();
        let answer = client.match_products(request).await?.into_inner();
        let took = begun.elapsed();
        if number >= WARM_UP {
            latencies.add(took);
            fits += answer.matches.first().context("a match")?.fits.len();
        }
    }
    Ok((latencies, fits))
}

/// One bank with its products.
async fn stock(mut shelf: Shelf, bank: usize, products: usize) -> Result<()> {
    let name = format!("测试{}号银行", bank + 1);
    let institution_id = shelf.register(name, InstitutionRole::Bank).await?;
    for product in 0..products {
        shelf.publish(&institution_id, terms(bank * PER_BANK + product)).await?;
    }
    Ok(())
}

/// Products of every sort: some for everybody, some for few; two of three charge fees, so that their cost is searched for.
fn terms(number: usize) -> catalog::ProductTerms {
    let step = |modulus: usize| i32::try_from(number % modulus).unwrap_or_default();
    let parks = ["JY-GX", "JY-HL", "JY-YC", "JY-SL", "JY-WLK"];
    let fee = |price| catalog::FeeItem { code: "PGF".to_owned(), kind: 1, price: Some(price) };
    let price = match number % 3 {
        0 => None,
        1 => Some(catalog::fee_item::Price::AmountFen(i64::from(step(40) + 1) * 50_000)),
        _ => Some(catalog::fee_item::Price::RateBp(step(50) + 1)),
    };
    catalog::ProductTerms {
        name: format!("测试{number}号产品"),
        regions: vec!["419001".to_owned()],
        parks: if number.is_multiple_of(4) {
            vec![parks[number % parks.len()].to_owned()]
        } else {
            Vec::new()
        },
        sizes: if number.is_multiple_of(5) { vec![3, 4] } else { Vec::new() },
        any_qualification: if number.is_multiple_of(7) { vec![1, 3] } else { Vec::new() },
        accepted_ip: if number.is_multiple_of(6) { vec![4, 8] } else { vec![1, 2, 3] },
        min_assets: step(3) + 1,
        amount_min_fen: i64::from(step(10) + 1) * 10 * WAN_FEN,
        amount_max_fen: i64::from(step(17) + 3) * 100 * WAN_FEN,
        term_min_months: 3 + step(4) * 3,
        term_max_months: 24 + step(4) * 12,
        rate_kind: if number.is_multiple_of(3) { 2 } else { 1 },
        rate_min_bp: if number.is_multiple_of(3) { 380 + step(60) } else { 20 + step(90) },
        rate_max_bp: 600,
        repayment: vec![[1, 2, 3, 4, 5][number % 5], [3, 4, 5, 1, 2][number % 5]],
        enhancement: vec![1 + step(7)],
        lowest_grade: step(5),
        fee_items: price.map(fee).into_iter().collect(),
        ..catalog::ProductTerms::default()
    }
}

fn need(number: usize) -> catalog::Need {
    let step = |modulus: usize| i32::try_from(number % modulus).unwrap_or_default();
    catalog::Need {
        amount_fen: i64::from(step(29) + 1) * 20 * WAN_FEN,
        term_months: 6 + step(4) * 6,
        region: "419001".to_owned(),
        park: ["JY-GX", "JY-HL", "JY-YC"][number % 3].to_owned(),
        size: 2 + step(3),
        qualifications: if number.is_multiple_of(2) { vec![1] } else { Vec::new() },
        assets: vec![
            catalog::AssetCount { r#type: 1, count: 2 },
            catalog::AssetCount { r#type: 4, count: step(3) + 1 },
        ],
        grade: 1 + step(4),
        ..catalog::Need::default()
    }
}
