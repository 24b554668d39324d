//! Findings counted by where they stand: how many, for how many months, with money.

use std::collections::BTreeMap;

use super::date::Day;
use super::standing::State;

/// A finding of a month with a ledger, as far as it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    /// Position of its rule in the policy; after all others where the policy does not know it.
    pub order: usize,
    /// Rule id.
    pub rule: String,
    /// The rule's title.
    pub title: String,
    /// Town.
    pub town: Option<String>,
    /// Village.
    pub village: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Months in which it was found.
    pub months: u32,
    /// Due less paid, where that is a month's, fen.
    pub gap_fen: Option<i64>,
}

/// Findings in one state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateSum {
    /// How many.
    pub count: i64,
    /// Owed and not paid, fen a month.
    pub owed: i64,
    /// Paid and not owed, fen a month.
    pub overpaid: i64,
    /// Most months in which one of them was found.
    pub months: u32,
    /// The first day on which an exemption among them ends.
    pub until: Option<Day>,
}

impl StateSum {
    fn add(&mut self, stood: &Stood) {
        self.count += 1;
        let gap = stood.gap_fen.unwrap_or(0);
        self.owed += gap.max(0);
        self.overpaid += (-gap).max(0);
        self.months = self.months.max(stood.months);
        if let State::Exempt(Some(until)) = stood.state {
            self.until = Some(self.until.map_or(until, |known| known.min(until)));
        }
    }
}

/// Sums by position in [`State::KINDS`].
pub type StateSums = BTreeMap<usize, StateSum>;

/// Sums by whatever `group` says, in its order.
pub fn state_sums<K: Ord>(stood: &[Stood], group: impl Fn(&Stood) -> K) -> BTreeMap<K, StateSums> {
    let mut sums: BTreeMap<K, StateSums> = BTreeMap::new();
    for one in stood {
        sums.entry(group(one)).or_default().entry(one.state.kind()).or_default().add(one);
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::standing::Reopening;

    #[test]
    fn states_are_summed_whatever_their_reason() {
        let stood = |state: State, months: u32, gap_fen: i64| Stood {
            order: 0,
            rule: "a".to_owned(),
            title: "甲".to_owned(),
            town: None,
            village: None,
            state,
            months,
            gap_fen: Some(gap_fen),
        };
        let until = |text: &str| State::Exempt(text.parse().ok());
        let all = [
            stood(State::Reopened(Reopening::CameBack), 3, 500),
            stood(State::Reopened(Reopening::RowsChanged), 2, -200),
            stood(until("2018-12-31"), 1, 0),
            stood(until("2018-09-30"), 1, 0),
            stood(State::Exempt(None), 1, 100),
        ];
        let sums = state_sums(&all, |_| ()).remove(&()).expect("sums");
        let told: Vec<(&str, StateSum)> = sums.iter().map(|(kind, sum)| (State::KINDS[*kind].plain(), *sum)).collect();
        let reopened = StateSum { count: 2, owed: 500, overpaid: 200, months: 3, until: None };
        let exempt = StateSum { count: 3, owed: 100, overpaid: 0, months: 1, until: "2018-09-30".parse().ok() };
        assert_eq!(told, [("重新打开", reopened), ("豁免", exempt)]);
    }
}
