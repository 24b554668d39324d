//! The blocking keys of a record: one per rule whose values it has, hashed together with the rule; and what two records agree in beside a key.

use crate::config::link::{BlockingRule, LinkModel};
use crate::link::hash;
use crate::link::position::NONE;
use crate::link::roster::{NO_BIRTH, Roster};
use crate::model::columns::IdState;
use crate::model::identity::id::{self, Number};

/// Calls `give` with every (rule, key) of a row.
pub(super) fn for_each_key(roster: &Roster, model: &LinkModel, row: u32, mut give: impl FnMut(u8, u64)) {
    let record = roster.record(row);
    let name = roster.name_of(record);
    let damaged = roster.damaged_of(record);
    let number = (record.number != 0).then(|| Number::from_packed(record.number));
    let birth = (record.birth != NO_BIRTH).then(|| u64::from(record.birth.unsigned_abs()) << 1 | u64::from(record.birth < 0));
    let village = (record.village != 0).then_some(record.village);
    let phone = (record.phone != 0).then_some(record.phone);
    let whole = name.filter(|name| name.whole);
    for (rule, position) in model.blocking.rules.iter().zip(0u8..) {
        // The rule itself and not its position: keys stay the same when rules are reordered.
        let tag = *rule as u64 + 1;
        let mut key = |left: u64, right: u64| give(position, hash::pair(left ^ tag << 56, right));
        match rule {
            BlockingRule::Number => {
                number
                    .iter()
                    .chain(damaged.iter().flat_map(|damaged| damaged.repairs.iter()))
                    .for_each(|number| key(number.packed(), 0));
                match roster.correction_of(row) {
                    0 => {}
                    proposed => key(proposed, 0),
                }
            }
            BlockingRule::Stem => {
                let shown =
                    damaged.filter(|damaged| damaged.state == IdState::Float).and_then(|damaged| id::stem_shown(&damaged.text));
                // A float may have been rounded up into the next stem.
                if let Some(stem) = shown {
                    (stem - 1..=stem + 1).for_each(|stem| key(stem, 0));
                } else if let Some(number) = number {
                    key(number.stem(), 0);
                }
            }
            BlockingRule::Ends if roster.any_masked => {
                // Most masks show four characters at the end, some three; whoever is not masked is found by either.
                let ascii = number.map(Number::ascii);
                let shown = damaged.filter(|damaged| damaged.state == IdState::Masked).map(|damaged| damaged.text.as_bytes());
                let ends = ascii.as_ref().map(|ascii| [tail(ascii, 4), tail(ascii, 3)]);
                let ends = ends.or_else(|| shown.map(|text| [tail(text, 4), tail(text, 3).filter(|_| tail(text, 4).is_none())]));
                let first = name.and_then(|name| name.folded.folded().chars().next()).filter(|first| !matches!(first, '?' | '*'));
                if let (Some(ends), Some(first)) = (ends, first) {
                    ends.into_iter().flatten().for_each(|end| key(end, u64::from(u32::from(first))));
                }
            }
            BlockingRule::Ends | BlockingRule::Household => {}
            BlockingRule::NameBirth => {
                if let (Some(name), Some(birth)) = (whole, birth) {
                    key(name.key, birth);
                }
            }
            BlockingRule::SoundBirth => {
                if let (Some(name), Some(birth)) = (name, birth) {
                    name.sounds.iter().for_each(|sound| key(*sound, birth));
                }
            }
            BlockingRule::NameVillage => {
                if let (Some(name), Some(village)) = (whole, village) {
                    key(name.key, village);
                }
            }
            BlockingRule::SoundVillage => {
                if let (Some(name), Some(village)) = (name, village) {
                    name.sounds.iter().for_each(|sound| key(*sound, village));
                }
            }
            BlockingRule::BirthSequence => {
                if let Some(number) = number {
                    key(number.birth_and_sequence(), 0);
                }
            }
            BlockingRule::BirthVillage => {
                if let (Some(birth), Some(village)) = (birth, village) {
                    key(birth, village);
                }
            }
            BlockingRule::NameHead => {
                if let (Some(name), Some(head)) = (whole, roster.names.get(record.head as usize)) {
                    key(name.key, head.key);
                }
            }
            BlockingRule::SoundPhone => {
                if let (Some(name), Some(phone)) = (name, phone) {
                    name.sounds.iter().for_each(|sound| key(*sound, phone));
                }
            }
        }
    }
}

/// The last so many characters, unless one of them is masked.
fn tail(text: &[u8], length: usize) -> Option<u64> {
    let tail = text.get(text.len().checked_sub(length)?..)?;
    tail.iter().try_fold(u64::try_from(length).ok()?, |sum, byte| match byte {
        b'0'..=b'9' => Some(sum * 11 + u64::from(byte - b'0')),
        b'X' => Some(sum * 11 + 10),
        _ => None,
    })
}

/// Whether two records that share the key of a rule agree in something that is not in the key.
pub(super) fn agree_further(roster: &Roster, rule: BlockingRule, row: u32, other: u32) -> bool {
    let (one, other) = (roster.record(row), roster.record(other));
    let number = one.number != 0 && one.number == other.number;
    let birth = one.birth != NO_BIRTH && one.birth == other.birth;
    let village = one.village != 0 && one.village == other.village;
    let phone = one.phone != 0 && one.phone == other.phone;
    let head = one.head != NONE && one.head == other.head;
    let name = || match (roster.name_of(one), roster.name_of(other)) {
        (Some(one), Some(other)) => one.key == other.key || one.sounds.iter().any(|sound| other.sounds.contains(sound)),
        _ => false,
    };
    match rule {
        BlockingRule::NameBirth | BlockingRule::SoundBirth => number || village || phone || head,
        BlockingRule::NameVillage | BlockingRule::SoundVillage => number || birth || phone || head,
        BlockingRule::NameHead => number || birth || village || phone,
        BlockingRule::SoundPhone => number || birth || village || head,
        BlockingRule::Number
        | BlockingRule::Stem
        | BlockingRule::Ends
        | BlockingRule::BirthSequence
        | BlockingRule::BirthVillage
        | BlockingRule::Household => name(),
    }
}
