//! SetAppetite, ListAppetites, PreviewCover.

use host::Begun;
use kernel::{BasisPoints, EnhancementMode, EnterpriseSize, Grade, InstitutionId, InstitutionRole};
use proto::insurance::v1 as wire;
use rpc::{Fault, audit::Entry, check::Checker};
use tonic::{Request, Response};

use super::service::Face;
use crate::{
    domain::{
        Appetite, Need,
        appetite::{kinds_of, misfits},
    },
    reasons,
    store::appetites,
    wire::views,
};

/// Longest list in a request; the tables are shorter.
const CODES_MAX: usize = 16;
/// Most parks, and the longest code of one.
const PARKS_MAX: usize = 32;
const PARK_LENGTH: usize = 16;
/// Solvency beyond 1,000 % is a slip of the pen.
const SOLVENCY_MAX: i32 = 100_000;
const PURPOSE: &str = "INSURANCE_UPKEEP";

impl Face {
    pub(super) async fn set(
        &self,
        request: Request<wire::SetAppetiteRequest>,
    ) -> Result<Response<wire::SetAppetiteResponse>, Fault> {
        let form = request.get_ref();
        let mut check = Checker::new();
        let request_id = check.request_id(&form.request_id);
        let appetite = appetite(&mut check, form.appetite.as_ref());
        let (request_id, appetite) = check.all((request_id, appetite))?;

        let mut change = match self.changes.begin(&request, request_id, "SetAppetite").await? {
            Begun::Repeat(answer) => return Ok(answer),
            Begun::Fresh(change) => change,
        };
        let now = change.now();
        appetites::put(change.conn(), &appetite, now).await?;
        let answer = wire::SetAppetiteResponse { appetite: Some(views::appetite(&appetite)) };
        let entry = Entry {
            action: "SET_APPETITE",
            object_kind: "institution",
            object_id: appetite.institution.uuid(),
            purpose: PURPOSE,
            result: "DONE",
        };
        change.commit(answer, &entry, &[]).await
    }

    pub(super) async fn list(
        &self,
        _request: Request<wire::ListAppetitesRequest>,
    ) -> Result<Response<wire::ListAppetitesResponse>, Fault> {
        let all = appetites::all(&mut *self.pool.acquire().await?).await?;
        let appetites = all.iter().map(views::appetite).collect();
        Ok(Response::new(wire::ListAppetitesResponse { appetites }))
    }

    pub(super) async fn preview(
        &self,
        request: Request<wire::PreviewCoverRequest>,
    ) -> Result<Response<wire::PreviewCoverResponse>, Fault> {
        let mut check = Checker::new();
        let need = need(&mut check, request.get_ref().need.as_ref());
        let (need,) = check.all((need,))?;
        let all = appetites::all(&mut *self.pool.acquire().await?).await?;
        let candidate = |appetite: &Appetite| wire::CoverCandidate {
            institution_id: appetite.institution.to_string(),
            role: appetite.role.number(),
            misfits: misfits(appetite, &need, &[]).iter().map(|misfit| misfit.code().to_owned()).collect(),
        };
        let candidates = all.iter().map(candidate).collect();
        Ok(Response::new(wire::PreviewCoverResponse { candidates }))
    }
}

fn appetite(check: &mut Checker, given: Option<&wire::Appetite>) -> Option<Appetite> {
    let given = check.present("appetite", given)?;
    check.within("appetite", |check| {
        let institution = check.id::<InstitutionId>("institution_id", &given.institution_id);
        let role = role(check, given.role);
        let kinds = kinds(check, given, role);
        let amount_min = check.amount("amount_min_fen", given.amount_min_fen);
        let amount_max = check.amount("amount_max_fen", given.amount_max_fen);
        if amount_min.zip(amount_max).is_some_and(|(least, most)| most < least) {
            check.refuse("amount_max_fen", &reasons::RANGE_REVERSED);
        }
        let term_max = check.term("term_max_months", given.term_max_months);
        let parks = check.list(&"parks", &given.parks, 0..=PARKS_MAX, |check, path, code| {
            let fits = !code.is_empty()
                && code.len() <= PARK_LENGTH
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-');
            if !fits {
                check.refuse(path, &reasons::PARK_INVALID);
            }
            fits.then(|| code.clone())
        });
        let sizes = check.codes("sizes", &given.sizes, CODES_MAX, EnterpriseSize::from_number);
        let lowest_grade = optional(check, "lowest_grade", given.lowest_grade, Grade::from_number);
        let solvency = 0..=SOLVENCY_MAX;
        let core = check.number("core_solvency_bp", given.core_solvency_bp, solvency.clone());
        let comprehensive =
            check.number("comprehensive_solvency_bp", given.comprehensive_solvency_bp, solvency);
        Some(Appetite {
            institution: institution?,
            role: role?,
            kinds: kinds?,
            amount_min: amount_min?,
            amount_max: amount_max?,
            term_max: term_max?,
            parks: parks?,
            sizes: sizes?,
            lowest_grade: lowest_grade?,
            core_solvency: BasisPoints::new(core?),
            comprehensive_solvency: BasisPoints::new(comprehensive?),
            government_backed: given.government_backed,
            suspended: given.suspended,
        })
    })
}

fn role(check: &mut Checker, number: i32) -> Option<InstitutionRole> {
    let role = check.code("role", number, InstitutionRole::from_number)?;
    if kinds_of(role).is_empty() {
        check.refuse("role", &reasons::NOT_A_COVERER);
        return None;
    }
    Some(role)
}

/// At least one, each of those that the role can give.
fn kinds(
    check: &mut Checker,
    given: &wire::Appetite,
    role: Option<InstitutionRole>,
) -> Option<Vec<EnhancementMode>> {
    let kinds = check.codes("kinds", &given.kinds, CODES_MAX, EnhancementMode::from_number)?;
    if kinds.is_empty() {
        check.refuse("kinds", &rpc::reasons::FIELD_REQUIRED);
        return None;
    }
    let fits = role.is_none_or(|role| kinds.iter().all(|kind| kinds_of(role).contains(kind)));
    if !fits {
        check.refuse("kinds", &reasons::KIND_NOT_OFFERABLE);
    }
    fits.then_some(kinds)
}

fn need(check: &mut Checker, given: Option<&wire::CoverNeed>) -> Option<Need> {
    let given = check.present("need", given)?;
    check.within("need", |check| {
        let kinds = check.codes("kinds", &given.kinds, CODES_MAX, EnhancementMode::from_number);
        let amount = check.amount("amount_fen", given.amount_fen);
        let term = check.term("term_months", given.term_months);
        let park = check.optional_text("park", &given.park, PARK_LENGTH);
        let size = optional(check, "size", given.size, EnterpriseSize::from_number);
        let grade = optional(check, "grade", given.grade, Grade::from_number);
        Some(Need { kinds: kinds?, amount: amount?, term: term?, park: park?, size: size?, grade: grade? })
    })
}

/// A code that may be left open.
fn optional<T>(
    check: &mut Checker,
    field: &str,
    number: i32,
    find: impl FnOnce(i32) -> Option<T>,
) -> Option<Option<T>> {
    if number == 0 { Some(None) } else { check.code(field, number, find).map(Some) }
}
