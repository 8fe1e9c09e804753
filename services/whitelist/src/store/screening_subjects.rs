//! What is known of many enterprises on one day, as screenings look at it: one pass over their rights by SQL. Rights of which
//! the gazette told something, or whose annuity is late, are looked at one by one by the register's own rules.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeDelta, Utc};
use kernel::{AssetId, EnterpriseId, IpType, Qualification};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{StoreError, assets, snapshots};
use crate::domain::{
    asset::IpAsset,
    consent::Purpose,
    enterprise::QualificationLevel,
    hearing::{Heard, Hearing},
    screening::{Evidence, Exclusions, Holding, Profile, Rights, Scorecard, Subject},
    source::{CREDIT_PURPOSES, CreditGrade, Picture, Snapshot, SourceCode, picture},
    standing::Exclusion,
};

/// $2 the day, $3 the instant, $4 to $8 the day 20, 15 and 10 years, 6 months before it, and the first day of designs of
/// 15 years, $9 the day's month counted from year 0, $10 its day in the month, $11 to $13 the day 1, 2 and 3 years before,
/// $14 the moment of the reading, at which a consent for one of the purposes $15 has to hold; the centre is always meant by
/// it, as [`crate::domain::consent::check`] has it.
/// A right is `alive` if it is granted and its term has not ended; `odd` if something else may have ended it.
const SUBJECTS: &str = "SELECT e.enterprise_id, e.version, e.industry, e.region, e.park,
        e.revenue[1] AS revenue, e.revenue[2] AS revenue_before, e.rd_spend[1] AS rd_spend,
        e.net_profit[1] AS net_profit, e.total_assets, e.total_liabilities, e.staff, e.rd_staff, e.tax_grade,
        e.platform_link, q.codes, q.levels, x.findings, c.credit_consent, a.*
    FROM unnest($1::uuid[]) AS asked (id)
    CROSS JOIN LATERAL (SELECT * FROM enterprise WHERE enterprise.enterprise_id = asked.id LIMIT 1) e
    CROSS JOIN LATERAL (SELECT coalesce(array_agg(code ORDER BY position), '{}') AS codes,
            coalesce(array_agg(coalesce(level, '') ORDER BY position), '{}') AS levels
        FROM qualification WHERE qualification.enterprise_id = asked.id AND $2 BETWEEN valid_from AND valid_to) q
    CROSS JOIN LATERAL (SELECT coalesce(bit_or(1 << number), 0) AS findings FROM exclusion_record
        WHERE exclusion_record.enterprise_id = asked.id AND recorded_at <= $3
            AND (cured_at IS NULL OR cured_at > $3)) x
    CROSS JOIN LATERAL (SELECT EXISTS (SELECT 1 FROM consent WHERE consent.enterprise_id = asked.id
        AND person_hash IS NULL AND purpose = ANY ($15) AND 'CREDIT' = ANY (categories)
        AND signed_at <= $14 AND valid_to >= $14 AND revoked_at IS NULL) AS credit_consent) c
    CROSS JOIN LATERAL (SELECT count(*) AS assets,
            count(*) FILTER (WHERE NOT odd AND (alive OR granted IS NULL)) AS usable,
            count(*) FILTER (WHERE counts AND kind = 'INVENTION') AS inventions,
            count(*) FILTER (WHERE counts AND kind IN ('UTILITY', 'DESIGN', 'IC_LAYOUT', 'SOFTWARE')) AS others,
            count(*) FILTER (WHERE counts AND kind = 'INVENTION' AND high_value <> '{}') AS high_value,
            count(*) FILTER (WHERE counts AND kind = 'TRADEMARK') AS trademarks,
            count(*) FILTER (WHERE counts AND kind IN ('GI_MARK', 'GI_PRODUCT_SIGN')) AS indications,
            count(*) FILTER (WHERE counts AND patent) AS patents,
            ARRAY[count(months) FILTER (WHERE counts AND kind = 'INVENTION'),
                count(months) FILTER (WHERE counts AND kind = 'UTILITY'),
                count(months) FILTER (WHERE counts AND kind = 'DESIGN')] AS dated,
            ARRAY[coalesce(sum(months) FILTER (WHERE counts AND kind = 'INVENTION'), 0),
                coalesce(sum(months) FILTER (WHERE counts AND kind = 'UTILITY'), 0),
                coalesce(sum(months) FILTER (WHERE counts AND kind = 'DESIGN'), 0)] AS months,
            ARRAY[count(*) FILTER (WHERE patent AND filed > $11 AND filed <= $2),
                count(*) FILTER (WHERE patent AND filed > $12 AND filed <= $11),
                count(*) FILTER (WHERE patent AND filed > $13 AND filed <= $12)] AS filings,
            coalesce(bool_and(filed IS NULL) FILTER (WHERE patent), false) AS undated,
            sum(revenue_share) FILTER (WHERE counts AND patent) AS revenue_share,
            coalesce(bool_or(num_nonnulls(citations, family_size, litigation_proven) > 0)
                FILTER (WHERE counts AND patent), false) AS proof_known,
            coalesce(bool_or(citations > 0) FILTER (WHERE counts AND patent), false) AS cited,
            coalesce(bool_or(family_size > 1) FILTER (WHERE counts AND patent), false) AS family,
            coalesce(bool_or(litigation_proven) FILTER (WHERE counts AND patent), false) AS litigated,
            coalesce(array_agg(asset_id) FILTER (WHERE odd), '{}') AS odd
        FROM (SELECT *, alive AND NOT odd AS counts FROM (
            SELECT asset_id, kind, granted, filed, high_value, revenue_share, citations, family_size,
                litigation_proven, kind IN ('INVENTION', 'UTILITY', 'DESIGN') AS patent,
                granted IS NOT NULL AND granted <= $2 AND coalesce(CASE kind
                    WHEN 'INVENTION' THEN filed > $4
                    WHEN 'UTILITY' THEN filed > $6
                    WHEN 'DESIGN' THEN filed > CASE WHEN filed >= $8 THEN $5 ELSE $6 END
                    WHEN 'TRADEMARK' THEN granted > $6 OR renewed_to > $2
                    WHEN 'GI_MARK' THEN granted > $6 OR renewed_to > $2
                    WHEN 'IC_LAYOUT' THEN filed > $6 AND coalesce(first_use > $6, true)
                        AND coalesce(created_on > $5, true)
                    ELSE true END, true) AS alive,
                CASE kind WHEN 'INVENTION' THEN 240 WHEN 'UTILITY' THEN 120
                    WHEN 'DESIGN' THEN CASE WHEN filed >= $8 THEN 180 ELSE 120 END END
                    + date_part('year', filed)::int * 12 + date_part('month', filed)::int - $9
                    - (date_part('day', filed)::int < $10)::int AS months,
                coalesce(annuity_paid_to < $7, false) OR EXISTS (SELECT 1 FROM ip_asset_event
                    WHERE ip_asset_event.asset_id = ip_asset.asset_id) AS odd
            FROM ip_asset WHERE ip_asset.enterprise_id = asked.id) AS seen) AS judged) a
    ORDER BY e.enterprise_id";

pub(super) const STATEMENTS: &[&str] = &[SUBJECTS];

/// The platforms that can be heard, and for how long what they told holds.
#[derive(Debug, Clone)]
pub struct Ears {
    pub connected: BTreeSet<SourceCode>,
    pub stale_after: TimeDelta,
}

impl Ears {
    /// Nobody is connected.
    pub fn none() -> Self {
        Self { connected: BTreeSet::new(), stale_after: TimeDelta::zero() }
    }

    /// Those that tell of credit and may be asked.
    fn wanted(&self, credit_consent: bool) -> BTreeSet<SourceCode> {
        let may = |source: &SourceCode| {
            *source != SourceCode::PledgePlatform && (credit_consent || source.needs().is_none())
        };
        self.connected.iter().copied().filter(may).collect()
    }
}

/// From where a look looks.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    pub day: NaiveDate,
    /// What was put on record until then counts, and what was told then is not too old.
    pub at: DateTime<Utc>,
    /// The moment of the reading itself: consents have to hold now, however long ago a run has begun.
    pub now: DateTime<Utc>,
    /// Enterprises of which only what was told from then on counts.
    pub fresh_from: &'a BTreeMap<EnterpriseId, DateTime<Utc>>,
}

/// One enterprise with the sources that a decision about it waits for, and what became of asking each.
#[derive(Debug, Clone)]
pub struct Seen {
    pub subject: Subject,
    pub missing: BTreeSet<SourceCode>,
    pub hearing: Hearing,
}

#[derive(sqlx::FromRow)]
struct Row {
    enterprise_id: Uuid,
    version: i32,
    industry: String,
    region: String,
    park: String,
    revenue: Option<i64>,
    revenue_before: Option<i64>,
    rd_spend: Option<i64>,
    net_profit: Option<i64>,
    total_assets: Option<i64>,
    total_liabilities: Option<i64>,
    staff: Option<i32>,
    rd_staff: Option<i32>,
    tax_grade: Option<String>,
    platform_link: Option<bool>,
    codes: Vec<String>,
    levels: Vec<String>,
    findings: i32,
    credit_consent: bool,
    #[sqlx(flatten)]
    rights: RightsRow,
}

#[derive(sqlx::FromRow)]
struct RightsRow {
    assets: i64,
    usable: i64,
    inventions: i64,
    others: i64,
    high_value: i64,
    trademarks: i64,
    indications: i64,
    patents: i64,
    dated: Vec<i64>,
    months: Vec<i64>,
    filings: Vec<i64>,
    undated: bool,
    revenue_share: Option<i64>,
    proof_known: bool,
    cited: bool,
    family: bool,
    litigated: bool,
    odd: Vec<Uuid>,
}

/// What is known of `ids` (each once, sorted) from `moment`; those that are not in the register are left out.
#[tracing::instrument(level = "debug", skip_all)]
pub async fn list(
    conn: &mut PgConnection,
    ids: &[EnterpriseId],
    card: &Scorecard,
    ears: &Ears,
    moment: Moment<'_>,
) -> Result<Vec<Seen>, StoreError> {
    let Moment { day, at, now, fresh_from } = moment;
    // Where nobody is connected there is nothing to look through.
    let told =
        if ears.connected.is_empty() { Vec::new() } else { snapshots::latest_of_many(conn, ids).await? };
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let before = |months: u32| day.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN);
    let rows: Vec<Row> = sqlx::query_as(SUBJECTS)
        .bind(ids)
        .bind(day)
        .bind(at)
        .bind(before(240))
        .bind(before(180))
        .bind(before(120))
        .bind(before(6))
        .bind(NaiveDate::from_ymd_opt(2021, 6, 1))
        .bind(month_of(day))
        .bind(i32::try_from(day.day()).unwrap_or_default())
        .bind(before(12))
        .bind(before(24))
        .bind(before(36))
        .bind(now)
        .bind(CREDIT_PURPOSES.map(Purpose::code).as_slice())
        .fetch_all(&mut *conn)
        .await?;
    let odd: Vec<AssetId> =
        rows.iter().flat_map(|row| row.rights.odd.iter().copied().map(AssetId::from_uuid)).collect();
    let mut looked_at: HashMap<Uuid, Vec<IpAsset>> = HashMap::new();
    if !odd.is_empty() {
        for asset in assets::find_many(conn, &odd).await? {
            looked_at.entry(asset.enterprise_id.uuid()).or_default().push(asset);
        }
    }
    let of = |row: Row| {
        let odd = looked_at.get(&row.enterprise_id).map(Vec::as_slice).unwrap_or_default();
        let from = told.partition_point(|one| one.enterprise_id.uuid() < row.enterprise_id);
        let since = fresh_from.get(&EnterpriseId::from_uuid(row.enterprise_id));
        let latest: Vec<&Snapshot> = told
            .iter()
            .skip(from)
            .take_while(|one| one.enterprise_id.uuid() == row.enterprise_id)
            .filter(|one| since.is_none_or(|since| one.fetched_at >= *since))
            .collect();
        let wanted = ears.wanted(row.credit_consent);
        let picture = picture(&latest, &wanted, at, day, ears.stale_after);
        let subject = row.subject(odd, card, day, &wanted, &picture)?;
        let hearing = hearing(&picture);
        Ok(Seen { subject, missing: picture.missing, hearing })
    };
    rows.into_iter().map(of).collect()
}

fn hearing(picture: &Picture) -> Hearing {
    Hearing::by(|source| match picture.told.get(&source) {
        Some(told) => Heard::Told(told.iter().copied().collect()),
        None if picture.missing.contains(&source) => Heard::Missing,
        None => Heard::Silent,
    })
}

/// Counted from year 0.
fn month_of(day: NaiveDate) -> i32 {
    day.year() * 12 + i32::try_from(day.month()).unwrap_or_default()
}

impl Row {
    fn subject(
        self,
        odd: &[IpAsset],
        card: &Scorecard,
        day: NaiveDate,
        wanted: &BTreeSet<SourceCode>,
        picture: &Picture,
    ) -> Result<Subject, StoreError> {
        let id = self.enterprise_id;
        let impossible = |column| StoreError::Impossible { table: "enterprise", id, column };
        let three = |values: &[i64], column| <[i64; 3]>::try_from(values).map_err(|_| impossible(column));
        let row = &self.rights;
        let mut usable = row.usable;
        let mut rights = Rights {
            inventions: row.inventions,
            others: row.others,
            high_value: row.high_value,
            trademarks: row.trademarks,
            indications: row.indications,
            dated: three(&row.dated, "dated")?,
            months: three(&row.months, "months")?,
            patents: row.patents,
            filings: three(&row.filings, "filings")?,
            undated: row.undated,
            revenue_share: row.revenue_share,
            proof_known: row.proof_known,
            cited: row.cited,
            family: row.family,
            litigated: row.litigated,
        };
        for asset in odd {
            usable += i64::from(is_usable(asset, day));
            if asset.is_in_force(day) {
                count(&mut rights, asset, day);
            }
        }
        let holdings = self.codes.iter().zip(&self.levels).map(|(code, level)| {
            let level = QualificationLevel::from_code(level).map(QualificationLevel::number);
            Qualification::from_code(code).map(|code| Holding { code, level })
        });
        let profile = Profile {
            rights,
            revenue: self.revenue,
            revenue_before: self.revenue_before,
            rd_spend: self.rd_spend,
            net_profit: self.net_profit,
            assets: self.total_assets,
            liabilities: self.total_liabilities,
            staff: self.staff.map(i64::from),
            rd_staff: self.rd_staff.map(i64::from),
            tax_grade: self.tax_grade,
            platform_link: self.platform_link,
            holdings: holdings.collect::<Option<_>>().ok_or_else(|| impossible("qualifications"))?,
            public_credit: picture.grade.map(level_of),
            penalty_free: picture
                .penalised_24_months
                .filter(|_| !wanted.is_empty())
                .map(|penalised| !penalised),
        };
        let recorded = Exclusions::from_bits(self.findings).ok_or_else(|| impossible("findings"))?;
        let evidence = Evidence {
            findings: recorded.and(picture.exclusions().into_iter().collect()),
            unheard: if picture.missing.is_empty() { Exclusions::NONE } else { Exclusion::all().collect() },
            unasked: if wanted.is_empty() { Exclusion::all().collect() } else { Exclusions::NONE },
            credit_consent: self.credit_consent,
            assets: i32::try_from(row.assets).unwrap_or(i32::MAX),
            usable: i32::try_from(usable).unwrap_or(i32::MAX),
            industry: self.industry,
            region: self.region,
            park: self.park,
        };
        Ok(Subject {
            enterprise_id: EnterpriseId::from_uuid(id),
            enterprise_version: self.version,
            features: profile.features(card),
            evidence,
            snapshots: picture.cites.iter().map(|id| id.uuid()).collect(),
        })
    }
}

/// As the card's input counts it.
fn level_of(grade: CreditGrade) -> i32 {
    match grade {
        CreditGrade::Excellent => 3,
        CreditGrade::Good => 2,
        CreditGrade::Medium => 1,
        CreditGrade::Poor => 0,
    }
}

/// Neither ended nor in dispute; a right that is not granted yet may become one.
fn is_usable(asset: &IpAsset, day: NaiveDate) -> bool {
    let state = asset.legal_state(day);
    let ended = asset.dates.granted().is_some() && !asset.is_in_force(day);
    !ended && state.ended.is_none() && !state.disputed && !state.preserved
}

/// Adds one right in force; its filing has been counted already.
fn count(rights: &mut Rights, asset: &IpAsset, day: NaiveDate) {
    let detail = &asset.detail;
    match asset.kind {
        IpType::Invention => {
            rights.inventions += 1;
            rights.high_value += i64::from(!detail.high_value.is_empty());
        }
        IpType::Utility | IpType::Design | IpType::IcLayout | IpType::Software => rights.others += 1,
        IpType::Trademark => rights.trademarks += 1,
        IpType::GiMark | IpType::GiProductSign => rights.indications += 1,
        IpType::Work | IpType::LicenseRevenue | IpType::PlantVariety | IpType::DataIp => {}
    }
    let place = match asset.kind {
        IpType::Invention => 0,
        IpType::Utility => 1,
        IpType::Design => 2,
        _ => return,
    };
    rights.patents += 1;
    if let (Some(filed), Some(end)) = (asset.dates.filed(), asset.term_ends())
        && let (Some(dated), Some(months)) = (rights.dated.get_mut(place), rights.months.get_mut(place))
    {
        *dated += 1;
        *months += i64::from(month_of(end) - month_of(day) - i32::from(filed.day() < day.day()));
    }
    if let Some(share) = detail.revenue_share {
        rights.revenue_share = Some(rights.revenue_share.unwrap_or_default() + i64::from(share.get()));
    }
    let known =
        [detail.citations.is_some(), detail.family_size.is_some(), detail.litigation_proven.is_some()];
    rights.proof_known |= known.contains(&true);
    rights.cited |= detail.citations.is_some_and(|citations| citations > 0);
    rights.family |= detail.family_size.is_some_and(|members| members > 1);
    rights.litigated |= detail.litigation_proven == Some(true);
}
