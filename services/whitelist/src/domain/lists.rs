//! Published lists (名单): what stands on one, what has changed between two, and what each kind is made of (C30).

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use kernel::{EnterpriseId, Grade};
use ring::digest::{Context, SHA256};
use uuid::Uuid;

use super::entry::Level;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListKind {
    /// The zone's own entries that are listed.
    Zone,
    /// The province's, as imported.
    Province,
    Union,
    Intersection,
}

impl ListKind {
    pub const ALL: [Self; 4] = [Self::Zone, Self::Province, Self::Union, Self::Intersection];

    pub fn code(self) -> &'static str {
        match self {
            Self::Zone => "ZONE",
            Self::Province => "PROVINCE",
            Self::Union => "UNION",
            Self::Intersection => "INTERSECTION",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The number in `zhirong.whitelist.v1.ListKind` and in `zhirong.partner.v1.WhitelistKind`.
    pub fn number(self) -> i32 {
        match self {
            Self::Zone => 1,
            Self::Province => 2,
            Self::Union => 3,
            Self::Intersection => 4,
        }
    }

    pub fn from_number(number: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }
}

/// What a list says of one enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    pub uscc: String,
    pub name: String,
    /// `None`: the province's list alone, which has no grade of ours.
    pub grade: Option<Grade>,
    /// Reasons of the grade in short, see [`super::list_reasons`].
    pub reasons: String,
    /// The scorecard that they are of.
    pub card: Option<i32>,
    pub source_level: Level,
    pub valid_to: Option<NaiveDate>,
    pub entry_id: Option<Uuid>,
    /// Of the province's list.
    pub parent: Option<Uuid>,
}

/// A whole list, by enterprise.
pub type Items = BTreeMap<EnterpriseId, Item>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Change {
    Added,
    Removed,
    Changed,
}

impl Change {
    pub fn code(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Removed => "REMOVED",
            Self::Changed => "CHANGED",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Added, Self::Removed, Self::Changed].into_iter().find(|change| change.code() == code)
    }

    pub fn number(self) -> i32 {
        match self {
            Self::Added => 1,
            Self::Removed => 2,
            Self::Changed => 3,
        }
    }
}

/// What changed for one enterprise; what was removed is told as it last stood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub enterprise_id: EnterpriseId,
    pub change: Change,
    pub item: Item,
}

/// What leads from `before` to `after`, in the order of enterprises.
pub fn delta(before: &Items, after: &Items) -> Vec<Changed> {
    let all: BTreeSet<EnterpriseId> = before.keys().chain(after.keys()).copied().collect();
    let changed = |id: EnterpriseId| {
        let (change, item) = match (before.get(&id), after.get(&id)) {
            (None, Some(new)) => (Change::Added, new),
            (Some(old), None) => (Change::Removed, old),
            (Some(old), Some(new)) if old != new => (Change::Changed, new),
            (Some(_), Some(_)) | (None, None) => return None,
        };
        Some(Changed { enterprise_id: id, change, item: item.clone() })
    };
    all.into_iter().filter_map(changed).collect()
}

/// `before` with `delta` carried out.
pub fn with(mut before: Items, delta: &[Changed]) -> Items {
    for one in delta {
        match one.change {
            Change::Added | Change::Changed => {
                before.insert(one.enterprise_id, one.item.clone());
            }
            Change::Removed => {
                before.remove(&one.enterprise_id);
            }
        }
    }
    before
}

/// The list of `kind` made of the zone's and the province's, each entry with where it comes from. On the union stands nobody
/// who is `excluded` here: whom a hard exclusion took off the zone's list does not come back by way of the province's.
pub fn compose(kind: ListKind, zone: Items, province: Items, excluded: &BTreeSet<EnterpriseId>) -> Items {
    match kind {
        ListKind::Zone => zone,
        ListKind::Province => province,
        ListKind::Union => {
            let mut all = province.clone();
            all.extend(zone.into_iter().map(|(id, item)| (id, with_parent(item, province.get(&id)))));
            all.retain(|id, _| !excluded.contains(id));
            all
        }
        ListKind::Intersection => zone
            .into_iter()
            .filter_map(|(id, item)| Some((id, with_parent(item, Some(province.get(&id)?)))))
            .collect(),
    }
}

/// On both lists: the zone's entry counts, and shows the province's that stands behind it.
fn with_parent(item: Item, province: Option<&Item>) -> Item {
    let parent = province.and_then(|province| province.parent).or(item.parent);
    Item { parent, ..item }
}

/// SHA-256 over a whole list, each item in one written form.
pub fn digest(items: &Items) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    let mut text = |text: &str| {
        context.update(&text.len().to_be_bytes());
        context.update(text.as_bytes());
    };
    for (id, item) in items {
        text(&id.to_string());
        text(&item.uscc);
        text(&item.name);
        text(item.grade.map_or("", |grade| grade.code()));
        text(&item.reasons);
        text(&item.card.map(|card| card.to_string()).unwrap_or_default());
        text(item.source_level.code());
        text(&item.valid_to.map(|day| day.to_string()).unwrap_or_default());
        text(&item.entry_id.map(|id| id.to_string()).unwrap_or_default());
        text(&item.parent.map(|id| id.to_string()).unwrap_or_default());
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(grade: Option<Grade>, parent: Option<u128>) -> Item {
        Item {
            uscc: "91419001MA9ABC128H".to_owned(),
            name: "x".to_owned(),
            grade,
            reasons: String::new(),
            card: None,
            source_level: if grade.is_some() { Level::Zone } else { Level::Province },
            valid_to: None,
            entry_id: None,
            parent: parent.map(Uuid::from_u128),
        }
    }

    fn any_items() -> impl Strategy<Value = Items> {
        let grade = prop::sample::select(vec![Some(Grade::A), Some(Grade::B), None]);
        prop::collection::btree_map(
            (0..12_u128).prop_map(|n| EnterpriseId::from_uuid(Uuid::from_u128(n))),
            grade,
            0..12,
        )
        .prop_map(|all| all.into_iter().map(|(id, grade)| (id, item(grade, None))).collect())
    }

    proptest! {
        #[test]
        fn the_delta_carried_out_on_a_list_gives_the_next_one(before in any_items(), after in any_items()) {
            let delta = delta(&before, &after);
            prop_assert_eq!(&with(before.clone(), &delta), &after);
            prop_assert_eq!(delta.is_empty(), before == after);
            prop_assert_eq!(digest(&before) == digest(&after), before == after);
        }

        #[test]
        fn union_and_intersection_are_what_they_are_called_and_nobody_excluded_is_on_the_union(
            zone in any_items(), province in any_items(), excluded in any_items(),
        ) {
            let excluded: BTreeSet<EnterpriseId> = excluded.into_keys().collect();
            let ids = |items: &Items| items.keys().copied().collect::<BTreeSet<_>>();
            let union = compose(ListKind::Union, zone.clone(), province.clone(), &excluded);
            prop_assert_eq!(ids(&union), &(&ids(&zone) | &ids(&province)) - &excluded);
            let both = compose(ListKind::Intersection, zone.clone(), province.clone(), &excluded);
            prop_assert_eq!(ids(&both), &ids(&zone) & &ids(&province));
        }
    }

    #[test]
    fn who_is_on_both_lists_shows_the_provinces_entry_behind_it() {
        let id = EnterpriseId::from_uuid(Uuid::from_u128(1));
        let zone = Items::from([(id, item(Some(Grade::A), None))]);
        let province = Items::from([(id, item(None, Some(77)))]);
        for kind in [ListKind::Union, ListKind::Intersection] {
            let both = compose(kind, zone.clone(), province.clone(), &BTreeSet::new());
            assert_eq!(both[&id].parent, Some(Uuid::from_u128(77)), "{kind:?}");
            assert_eq!((both[&id].source_level, both[&id].grade), (Level::Zone, Some(Grade::A)));
        }
        assert_eq!(compose(ListKind::Zone, zone.clone(), province.clone(), &BTreeSet::new()), zone);
        assert_eq!(compose(ListKind::Province, zone, province.clone(), &[id].into()), province);
    }
}
