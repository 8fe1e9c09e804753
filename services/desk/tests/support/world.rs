//! Things of the tests' world: an enterprise, banks, a case in a state, answers.

use prost_types::Timestamp;
use proto::catalog::v1 as catalog;
use proto::common::v1::{DocumentRef, InstitutionRole, LegProgress, LegState};
use proto::intake::v1::{self as intake, CaseState};
use proto::whitelist::v1 as whitelist;
use uuid::Uuid;

pub(crate) const USCC: &str = "91419001MA9ABC128H";
pub(crate) const CONSENT: &str = "5f0c7c1e-0000-4000-8000-00000000c0de";
pub(crate) const CASE: &str = "0190c3a0-0000-7000-8000-000000000001";
pub(crate) const CASE_NO: &str = "RZ4190012022091500073";

/// As intake refuses while a window is open.
pub(crate) static SEALED: rpc::Reason = rpc::Reason {
    id: "OFFERS_SEALED",
    code: tonic::Code::FailedPrecondition,
    retryable: false,
    text: "报价窗口尚未截止，各机构回复处于密封状态，请在截止后查看。",
};

const NAMES: [(&str, InstitutionRole); 16] = [
    ("沁源商业银行济源分行", InstitutionRole::Bank),
    ("济水村镇银行", InstitutionRole::Bank),
    ("愚公农村商业银行", InstitutionRole::Bank),
    ("王屋银行济源分行", InstitutionRole::Bank),
    ("黄河湾银行", InstitutionRole::Bank),
    ("中岳科创银行济源科技支行", InstitutionRole::Bank),
    ("太行实业银行", InstitutionRole::Bank),
    ("轵城惠民银行", InstitutionRole::Bank),
    ("玉川产业银行", InstitutionRole::Bank),
    ("天坛信用联社", InstitutionRole::Bank),
    ("北海普惠银行", InstitutionRole::Bank),
    ("小浪底开发银行", InstitutionRole::Bank),
    ("中原知信评估", InstitutionRole::Evaluator),
    ("沁阳明估", InstitutionRole::Evaluator),
    ("愚公智权评估", InstitutionRole::Evaluator),
    ("安济财险", InstitutionRole::Insurer),
];

pub(crate) fn institution(number: usize) -> String {
    Uuid::from_u128(0xb000 + number as u128).to_string()
}

fn product(number: usize) -> String {
    Uuid::from_u128(0xa000 + number as u128).to_string()
}

pub(crate) fn leg_id(number: usize) -> String {
    Uuid::from_u128(0xc000 + number as u128).to_string()
}

pub(crate) fn institutions() -> Vec<catalog::Institution> {
    let one = |(number, (name, role)): (usize, &(&str, InstitutionRole))| catalog::Institution {
        institution_id: institution(number),
        name: (*name).to_owned(),
        role: (*role).into(),
        ..Default::default()
    };
    NAMES.iter().enumerate().map(one).collect()
}

pub(crate) fn products() -> Vec<catalog::Product> {
    let one = |number: usize| catalog::Product {
        product_id: product(number),
        terms: Some(catalog::ProductTerms {
            name: format!("知产贷 {} 号", number + 1),
            ..Default::default()
        }),
        ..Default::default()
    };
    (0..12).map(one).collect()
}

pub(crate) fn enterprise() -> whitelist::Enterprise {
    whitelist::Enterprise {
        enterprise_id: Uuid::from_u128(5).to_string(),
        uscc: USCC.to_owned(),
        name: "济源市沁铅新材料有限公司".to_owned(),
        size: 3,
        park: "JY-GX".to_owned(),
        region: "419001".to_owned(),
        ..Default::default()
    }
}

pub(crate) fn asset(number: u128) -> String {
    Uuid::from_u128(0xd000 + number).to_string()
}

pub(crate) fn assets() -> Vec<whitelist::IpAsset> {
    let one = |(number, (kind, code, title)): (u128, (i32, &str, &str))| whitelist::IpAsset {
        asset_id: asset(number),
        r#type: kind,
        number: code.to_owned(),
        title: title.to_owned(),
        ..Default::default()
    };
    let all = [
        (1, "202210123456.1", "一种再生铅低温熔炼方法"),
        (2, "202221234567.1", "一种蓄电池极板连续浇铸装置"),
        (4, "8840949", "沁铅 SHUANGQIN"),
    ];
    (0_u128..).zip(all).map(one).collect()
}

pub(crate) fn at(minutes: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: 1_772_425_800 + minutes * 60, nanos: 0 })
}

/// A case in a state, with legs to eight banks and three evaluators.
pub(crate) fn case(state: CaseState) -> intake::CaseView {
    let open = !matches!(state, CaseState::Submitted | CaseState::Supplement | CaseState::Draft);
    let legs = if open { legs(state) } else { Vec::new() };
    let answered = legs.iter().filter(|leg| leg.progress() == LegProgress::Replied).count();
    let document = |number: usize| DocumentRef {
        code: format!("D{number:02}"),
        document_id: format!("sha256-{number}"),
        sha256: vec![7; 32],
    };
    intake::CaseView {
        header: Some(intake::CaseHeader {
            case_id: CASE.to_owned(),
            case_no: CASE_NO.to_owned(),
            state: state.into(),
            version: 7,
            submitted_at: at(0),
            channel: intake::Channel::Desk.into(),
            round: i32::from(open),
            legs_total: i32::try_from(legs.len()).unwrap(),
            legs_answered: i32::try_from(answered).unwrap(),
            window_closes_at: at(7_200),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            wave: 1,
            ..Default::default()
        }),
        application: Some(intake::Application {
            uscc: USCC.to_owned(),
            amount_fen: 300_000_000,
            term_months: 12,
            purpose: "购买再生铅原料，补充流动资金".to_owned(),
            asset_ids: vec![asset(0), asset(1)],
            documents: (1..=7).map(document).collect(),
            ..Default::default()
        }),
        legs,
        deadlines: vec![intake::PendingDeadline { kind: "WINDOW".to_owned(), due_at: at(7_200) }],
    }
}

/// Intake would not tell states under seal. These do, so that the desk's own seal is what a test sees.
fn legs(_state: CaseState) -> Vec<intake::LegView> {
    let leg = |(number, progress, state): (usize, LegProgress, LegState)| intake::LegView {
        leg_id: leg_id(number),
        round: 1,
        wave: 1,
        role: NAMES[number].1.into(),
        institution_id: institution(number),
        product_id: if number < 12 { product(number) } else { String::new() },
        product_version: 1,
        progress: progress.into(),
        state: state.into(),
        issued_at: at(1),
        delivered_at: (progress != LegProgress::Issued).then(|| at(3).unwrap()),
        replied_at: (progress == LegProgress::Replied).then(|| at(90).unwrap()),
        decline_reason: if state == LegState::Declined { 5 } else { 0 },
        asked_document_codes: if progress == LegProgress::Question {
            vec!["D04".to_owned()]
        } else {
            Vec::new()
        },
        asked_note: if progress == LegProgress::Question {
            "请补充最近一个月报表".to_owned()
        } else {
            String::new()
        },
    };
    [
        (0, LegProgress::Replied, LegState::Offered),
        (1, LegProgress::Replied, LegState::Declined),
        (2, LegProgress::Replied, LegState::Offered),
        (3, LegProgress::Delivered, LegState::Reviewing),
        (4, LegProgress::Question, LegState::InfoRequested),
        (5, LegProgress::Replied, LegState::Offered),
        (6, LegProgress::Issued, LegState::Created),
        (7, LegProgress::Delivered, LegState::Received),
        (12, LegProgress::Replied, LegState::Offered),
        (13, LegProgress::Delivered, LegState::Received),
    ]
    .map(leg)
    .to_vec()
}

pub(crate) fn entry(
    version: i64,
    minutes: i64,
    kind: &str,
    party: &str,
    leg: Option<usize>,
) -> intake::TimelineEntry {
    intake::TimelineEntry {
        version,
        at: at(minutes),
        kind: kind.to_owned(),
        party: party.to_owned(),
        actor: match leg {
            Some(number) => format!("institution:{}", institution(number)),
            None if party == "ENTERPRISE" => "staff:0190c3a0-0000-7000-8000-00000000aaaa".to_owned(),
            None => "role:intake".to_owned(),
        },
        leg_id: leg.map(leg_id).unwrap_or_default(),
        ..Default::default()
    }
}

pub(crate) fn timeline() -> Vec<intake::TimelineEntry> {
    vec![
        entry(1, 0, "CASE_SUBMITTED", "ENTERPRISE", None),
        entry(2, 1, "CASE_ACCEPTED", "SERVICE", None),
        entry(3, 1, "CASE_DISPATCHED", "SERVICE", None),
        entry(4, 3, "LEG_DELIVERED", "BANK", Some(0)),
        entry(5, 60, "LEG_QUESTIONED", "BANK", Some(4)),
        entry(6, 90, "LEG_ANSWERED", "BANK", Some(0)),
        entry(7, 95, "LEG_ANSWERED", "SERVICE", Some(12)),
    ]
}

/// Three banks' offers, of which one calls for insurance, an evaluator's quote, and two covers.
pub(crate) fn offers() -> intake::ListOffersResponse {
    let cost = |apr_bp: i32, cover_fen: i64| intake::Cost {
        interest_fen: 6_187_500,
        fees_fen: 300_000,
        cover_fen,
        valuation_fen: 1_500_000,
        total_fen: 7_987_500 + cover_fen,
        apr_bp,
        first_payment_fen: 25_800_000,
        largest_payment_fen: 26_100_000,
        subsidies_fen: 3_093_750,
        net_total_fen: 4_893_750 + cover_fen,
        net_apr_bp: apr_bp - 104,
    };
    let offer = |number: usize, rate: i32, enhancement: i32, ways: Vec<intake::Way>| intake::OfferView {
        leg_id: leg_id(number),
        institution_id: institution(number),
        product_id: product(number),
        product_version: 1,
        offer: Some(intake::Offer {
            offer_seq: 1,
            amount_fen: 300_000_000 - 10_000_000 * number as i64,
            term_months: 12,
            annual_rate_bp: rate,
            repayment: 3,
            enhancement,
            fees_fen: 300_000,
            valid_until: at(20_000),
        }),
        submitted_at: at(90),
        cost: ways.first().and_then(|way| way.cost),
        ways,
        cover_missing: false,
        state: LegState::Offered.into(),
    };
    let way = |cover: Option<usize>, apr: i32, fen: i64| intake::Way {
        cover_leg_id: cover.map(leg_id).unwrap_or_default(),
        cost: Some(cost(apr, fen)),
    };
    let cover = |number: usize, rate: i32| intake::CoverView {
        leg_id: leg_id(number),
        institution_id: institution(15),
        role: InstitutionRole::Insurer.into(),
        kind: 2,
        amount_fen: 300_000_000,
        max_term_months: 24,
        coverage_bp: 8_000,
        annual_rate_bp: rate,
        cost_fen: 3_600_000,
        valid_until: at(30_000),
    };
    let mut missing = offer(5, 390, 4, Vec::new());
    missing.cover_missing = true;
    intake::ListOffersResponse {
        offers: vec![
            offer(2, 385, 1, vec![way(None, 512, 0)]),
            offer(0, 345, 2, vec![way(Some(20), 548, 3_600_000), way(Some(21), 575, 4_200_000)]),
            missing,
        ],
        late_offers: Vec::new(),
        valuations: vec![intake::ValuationView {
            leg_id: leg_id(12),
            institution_id: institution(12),
            quote: Some(intake::ValuationQuote {
                quote_seq: 1,
                fee_fen: 1_500_000,
                report_working_days: 7,
                methods: vec![1, 3],
                valid_until: at(30_000),
            }),
            submitted_at: at(95),
            state: LegState::Offered.into(),
            report: None,
            report_by: None,
        }],
        late_valuations: Vec::new(),
        covers: vec![cover(20, 150), cover(21, 175)],
        paid_out_on: "2026-03-02".to_owned(),
    }
}

/// Whom the application would be sent to.
pub(crate) fn plan() -> intake::PreviewPlanResponse {
    let bank = |number: usize| intake::PlannedLeg {
        role: InstitutionRole::Bank.into(),
        institution_id: institution(number),
        product_id: product(number),
        product_version: 1,
        reasons: vec!["AMOUNT_IN_RANGE".to_owned(), "IP_ACCEPTED".to_owned(), "PARK_SERVED".to_owned()],
    };
    let mut legs: Vec<intake::PlannedLeg> = (0..8).map(bank).collect();
    legs.push(intake::PlannedLeg {
        role: InstitutionRole::Evaluator.into(),
        institution_id: institution(12),
        ..Default::default()
    });
    intake::PreviewPlanResponse {
        whitelisted: true,
        grade: 2,
        legs,
        not_asked: vec![intake::NotAsked {
            institution_id: institution(9),
            product_id: product(9),
            reasons: vec!["AMOUNT_ABOVE_MAX".to_owned()],
        }],
        may_need_cover: true,
        enterprise_name: "济源市沁铅新材料有限公司".to_owned(),
        ..Default::default()
    }
}
