//! `zhirong simulate fill`: brings a running system to a life of its own: everyone of the demo data is registered, and
//! some hundred cases stand in all states that exist. Doing it again finds what is there and goes on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use proto::intake::v1::{Application, CaseHeader, CaseState, CaseView};
use tonic::{Code, Status};
use uuid::Uuid;

use super::clerk::{Choice, Clerk};
use super::columns::{left, right};
use super::crowd::{Crowd, Part};
use super::data::{self, Loaded, LoadedEnterprise, Wanted};
use super::deed::Report;
use super::fill_goal::{Goal, Goals};
use super::institution::Trade;
use super::link::Link;
use super::script::{Casting, Delays, Manner, Script};
use super::seed::Seed;

/// How many cases are on their way at the same time.
const TOGETHER: usize = 8;
/// How long one case may take.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(150);
/// How long a bank waits to be told what it is to do with a case that has only just been taken in.
const DELAYS: Delays = Delays { least: Duration::from_millis(60), most: Duration::from_millis(250) };
/// Cases of others are left alone.
const ASIDE: Manner = Manner::Always(Script::Silent);
/// An institution may read a case before its goal has been written down.
const KNOWN_WITHIN: Duration = Duration::from_secs(3);
/// Columns of the table.
const NAME: usize = 18;
const COUNT: usize = 8;
const BANKS: usize = 12;
const ENTERPRISES: usize = 60;

/// What was wanted and reached.
#[derive(Debug, Default)]
pub(super) struct Filled {
    wanted: BTreeMap<Goal, usize>,
    reached: BTreeMap<Goal, usize>,
    troubles: Vec<String>,
}

/// Fills the system and prints what stands there now.
pub(super) async fn fill(link: &Link, seed: Seed, cases: usize) -> Result<Filled> {
    link.check().await?;
    println!("登记演示数据… (registering institutions and enterprises)");
    let loaded = data::load(link, seed, Wanted { banks: BANKS, enterprises: ENTERPRISES }).await?;
    data::load_association(link, seed).await?;
    let houses = match data::load_houses(link, seed).await {
        Ok(houses) => houses,
        Err(error) => {
            println!("保险、担保、评估机构未能全部登记，仅以银行继续：{error:#}");
            Vec::new()
        }
    };
    println!(
        "银行 {} 家、其他机构 {} 家、企业 {} 家已登记",
        BANKS + 1,
        houses.len(),
        loaded.enterprises.len()
    );
    let goals = Goals::default();
    let mut crowd = Crowd::empty();
    let report = Report::new(|_, _, _| {});
    let first = loaded.banks.iter().map(|bank| bank.id).min();
    for bank in &loaded.banks {
        let part = part(&goals, Some(bank.id) == first);
        crowd
            .hire(link, (bank.id, &bank.name, Trade::Bank(Box::new(bank.terms.clone()))), seed, part, &report)
            .await?;
    }
    for house in houses {
        let part = Part { manner: ASIDE, delays: DELAYS, casting: house_casting(&goals) };
        crowd.hire(link, (house.id, &house.name, Trade::House(house.terms)), seed, part, &report).await?;
    }
    println!("办理 {cases} 件申请… (taking {cases} cases through)");
    let director = Arc::new(Director { clerk: Clerk::new(link)?, crowd, goals, seed, loaded });
    let mut filled = Filled::default();
    let mut work = futures::stream::iter(0..cases)
        .map(|index| {
            let director = Arc::clone(&director);
            async move { (Goal::of(index), director.case(index).await) }
        })
        .buffer_unordered(TOGETHER);
    while let Some((goal, reached)) = work.next().await {
        *filled.wanted.entry(goal).or_default() += 1;
        match reached {
            Ok(()) => *filled.reached.entry(goal).or_default() += 1,
            Err(error) => filled.troubles.push(format!("{}：{error:#}", goal.chinese())),
        }
    }
    drop(work);
    if let Some(director) = Arc::into_inner(director) {
        director.crowd.stop(link).await;
    }
    Ok(filled)
}

impl Filled {
    /// The table for people; whether everything was reached.
    pub(super) fn print(&self) -> bool {
        println!("{}{}{}", left("状态", NAME), right("应有", COUNT), right("已有", COUNT));
        for goal in Goal::all() {
            let of = |counts: &BTreeMap<Goal, usize>| counts.get(&goal).copied().unwrap_or_default();
            let (wanted, reached) = (of(&self.wanted), of(&self.reached));
            println!(
                "{}{}{}",
                left(goal.chinese(), NAME),
                right(&wanted.to_string(), COUNT),
                right(&reached.to_string(), COUNT)
            );
        }
        let sum = |counts: &BTreeMap<Goal, usize>| counts.values().sum::<usize>().to_string();
        println!(
            "{}{}{}",
            left("合计", NAME),
            right(&sum(&self.wanted), COUNT),
            right(&sum(&self.reached), COUNT)
        );
        for trouble in &self.troubles {
            println!("未达到：{trouble}");
        }
        self.troubles.is_empty()
    }
}

fn part(goals: &Goals, first: bool) -> Part {
    let goals = goals.clone();
    let casting = Casting::new(move |dossier, _| goals.get(&dossier.case_no).map(|goal| goal.conduct(first)));
    Part { manner: ASIDE, delays: DELAYS, casting: casting.patient(KNOWN_WITHIN) }
}

/// Evaluators, insurers and guarantors answer and confirm, except where a window is to stay open or a choice undone.
fn house_casting(goals: &Goals) -> Casting {
    let goals = goals.clone();
    Casting::new(move |dossier, _| {
        goals.get(&dossier.case_no).map(|goal| match goal {
            Goal::NoOffer | Goal::Rejected => goal.conduct(false),
            _ => Goal::Approved.conduct(false),
        })
    })
    .patient(KNOWN_WITHIN)
}

struct Director {
    clerk: Clerk,
    crowd: Crowd,
    goals: Goals,
    seed: Seed,
    loaded: Loaded,
}

impl Director {
    /// Takes one case to where it is to stand.
    async fn case(&self, index: usize) -> Result<()> {
        let goal = Goal::of(index);
        // Those that banks would not take stand behind the first forty.
        let firm = &self.loaded.enterprises[index % self.loaded.enterprises.len().min(40)];
        let mut clerk = self.clerk.clone();
        let case = self.taken_in(&mut clerk, index, goal, firm).await?;
        self.goals.set(&case.case_no, goal);
        let until = Instant::now() + PATIENCE;
        let mut seen = case.state();
        while Instant::now() < until {
            let view = clerk.case(&case.case_id).await.context("the case cannot be read")?;
            seen = view.header.as_ref().map_or(CaseState::Unspecified, CaseHeader::state);
            let reopened = goal == Goal::Reopened && self.was_reopened(&mut clerk, &case.case_id).await?;
            if goal.is_reached(seen, reopened) {
                return Ok(());
            }
            if let Err(status) = self.step(&mut clerk, index, goal, &view).await
                && status.code() != Code::FailedPrecondition
                && !rpc::status::is_retryable(&status)
            {
                return Err(anyhow::anyhow!("{} {}", status.code(), status.message()))
                    .with_context(|| format!("{} 在 {seen:?}", case.case_no));
            }
            tokio::time::sleep(LOOK).await;
        }
        anyhow::bail!("{} 停在 {}", case.case_no, seen.as_str_name())
    }

    async fn taken_in(
        &self,
        clerk: &mut Clerk,
        index: usize,
        goal: Goal,
        firm: &LoadedEnterprise,
    ) -> Result<CaseHeader> {
        let application = self.application(index, firm);
        let request_id = self.seed.request_id("fill", &format!("{index} {}", firm.consent_id));
        match goal {
            Goal::Draft => {
                let draft = clerk.draft(request_id, goal.channel(), application).await;
                draft.context("the draft was not taken in")
            }
            _ => clerk.submit(request_id, goal.channel(), application).await,
        }
    }

    /// One million to five million yuan over a year or two: every product of the twelve covers that.
    fn application(&self, index: usize, firm: &LoadedEnterprise) -> Application {
        let mut random = self.seed.random("fill application", &index.to_string());
        let drawn = data::application(firm, &mut random);
        let amount_fen = drawn.amount_fen.min(500_000_000);
        Application { amount_fen, term_months: drawn.term_months.min(24), ..drawn }
    }

    /// Does the next thing that the goal asks for in this state.
    async fn step(&self, clerk: &mut Clerk, index: usize, goal: Goal, view: &CaseView) -> Result<(), Status> {
        let Some(header) = &view.header else { return Ok(()) };
        let id = &header.case_id;
        let request = |what: &str| self.seed.request_id(what, id);
        match (goal, header.state()) {
            (Goal::Supplement, CaseState::Submitted) => {
                clerk.ask_enterprise(request("fill ask"), id, &["D04", "D06"]).await.map(drop)
            }
            (Goal::Withdrawn, CaseState::Collecting | CaseState::OffersReady) => {
                clerk.withdraw(request("fill withdraw"), id).await.map(drop)
            }
            (Goal::Rejected, CaseState::NoOffer) => {
                clerk.give_up(request("fill give up"), id).await.map(drop)
            }
            (Goal::Expired, CaseState::OffersReady) => {
                for leg in &view.legs {
                    self.crowd.take_back(&leg.leg_id).await;
                }
                Ok(())
            }
            (Goal::Selected | Goal::Approved | Goal::Reopened, CaseState::OffersReady) => {
                self.select(clerk, id, index).await
            }
            _ => clerk.answer_questions(view).await.map(drop),
        }
    }

    async fn was_reopened(&self, clerk: &mut Clerk, case_id: &str) -> Result<bool> {
        let entries = clerk.timeline(case_id).await.context("the timeline cannot be read")?;
        Ok(entries.iter().any(|entry| entry.kind == "CASE_REOPENED"))
    }

    async fn select(&self, clerk: &mut Clerk, id: &str, index: usize) -> Result<(), Status> {
        let offers = clerk.offers(id).await?;
        let Some(choice) = Choice::of(&offers, index, index.is_multiple_of(3)) else { return Ok(()) };
        clerk.select(Uuid::new_v4().to_string(), id, &choice).await.map(drop)
    }
}

impl Goal {
    /// `reopened`: a choice has been undone before.
    fn is_reached(self, seen: CaseState, reopened: bool) -> bool {
        seen == self.state() && (self != Self::Reopened || reopened)
    }
}
