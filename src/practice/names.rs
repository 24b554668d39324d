//! Invented names with the collisions of real ones: few surnames, few fashionable characters per generation, siblings that
//! share one; and the ways a name comes out different in another office.

use super::random::Random;

const SURNAMES: [(&str, u32); 60] = [
    ("王", 66),
    ("李", 62),
    ("张", 60),
    ("刘", 48),
    ("陈", 46),
    ("杨", 46),
    ("郑", 40),
    ("周", 36),
    ("赵", 34),
    ("黄", 34),
    ("吴", 30),
    ("罗", 28),
    ("冯", 26),
    ("谢", 26),
    ("何", 26),
    ("骆", 22),
    ("邹", 20),
    ("唐", 20),
    ("韩", 20),
    ("宋", 18),
    ("雷", 18),
    ("简", 16),
    ("冉", 16),
    ("田", 16),
    ("郭", 16),
    ("徐", 16),
    ("胡", 16),
    ("朱", 14),
    ("高", 12),
    ("林", 12),
    ("梁", 12),
    ("彭", 12),
    ("曾", 12),
    ("肖", 12),
    ("蒋", 12),
    ("袁", 10),
    ("邓", 10),
    ("许", 10),
    ("付", 10),
    ("沈", 8),
    ("吕", 8),
    ("苏", 8),
    ("卢", 8),
    ("魏", 8),
    ("程", 8),
    ("汪", 8),
    ("任", 8),
    ("石", 8),
    ("姚", 8),
    ("谭", 8),
    ("夏", 8),
    ("龙", 6),
    ("穆", 6),
    ("娄", 5),
    ("敖", 5),
    ("覃", 5),
    ("鄢", 4),
    ("犹", 4),
    ("令狐", 4),
    ("欧阳", 3),
];

const MEN_OLD: &str = "国明华文德志光永成忠正发兴富贵云林学天世元登昌安友万祥福寿全先仁义礼廷朝应绍开庆良才清江海";
const MEN_YOUNG: &str = "浩宇杰鑫俊涛鹏豪磊旭伟强军勇波超龙飞凯斌健晨泽睿阳毅航博文轩子佳诚建平峰辉";
const WOMEN_OLD: &str = "秀英芳珍素兰琴菊群碧淑仙容美玉会桂先华昌明光永贵香莲翠凤琼芬云梅莉霞";
const WOMEN_YOUNG: &str = "婷雪欣怡雨梦佳思颖琪燕艳丽敏静娟红洁玲萍慧娜雯瑶悦涵子诗语嘉小晓春";
/// Of these only the last is in GBK: an old system loses the others.
const RARE: [char; 5] = ['㯊', '𬭊', '䶮', '㛃', '喆'];
const MINORITY: [&str; 6] = ["阿依·木沙", "吉克·阿呷", "买买提·艾力", "扎西·多吉", "阿力木·吐尔逊", "木乃·伍且"];

/// A surname by its frequency in the county; in a village three clans hold half of the people.
pub(super) fn surname(random: &mut Random, seed: u64, village: u32) -> &'static str {
    if random.chance(0.5) {
        let clan = random.below(3);
        return Random::keyed(seed, &[11, u64::from(village), u64::from(clan)]).weighted(&SURNAMES);
    }
    random.weighted(&SURNAMES)
}

/// A full name. `generation` is the character that siblings share.
pub(super) fn full(random: &mut Random, surname: &str, female: bool, birth_year: i32, generation: Option<char>) -> String {
    if random.chance(0.0008) {
        return random.pick(&MINORITY).to_owned();
    }
    let pool: Vec<char> = pool(female, birth_year).chars().collect();
    // The head of each pool is fashionable: the smaller of two draws.
    let draw = |random: &mut Random| {
        let (one, other) = (random.pick(&pool), random.pick(&pool));
        let place = |wanted| pool.iter().position(|&character| character == wanted).unwrap_or(0);
        if place(one) < place(other) { one } else { other }
    };
    let last = if random.chance(0.004) { random.pick(&RARE) } else { draw(random) };
    match generation {
        Some(shared) => format!("{surname}{shared}{last}"),
        None if random.chance(0.18) => format!("{surname}{last}"),
        None => format!("{surname}{}{last}", draw(random)),
    }
}

/// A character for siblings to share.
pub(super) fn generation(random: &mut Random, female: bool, birth_year: i32) -> char {
    let pool: Vec<char> = pool(female, birth_year).chars().collect();
    random.pick(&pool)
}

fn pool(female: bool, birth_year: i32) -> &'static str {
    match (female, birth_year < 1980) {
        (false, true) => MEN_OLD,
        (false, false) => MEN_YOUNG,
        (true, true) => WOMEN_OLD,
        (true, false) => WOMEN_YOUNG,
    }
}

/// How another office may have written a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misspelling {
    Homophone,
    Variant,
    DroppedMiddle,
    Title,
    Spaces,
    RareLost,
    Dot,
    /// The name at home, or the one before: the surname alone is the same.
    OtherGiven,
    /// One character of the given name is another, of no like sound or shape.
    OtherCharacter,
    SwappedGiven,
}

const SAME_SOUND: [&str; 34] = [
    "明铭鸣",
    "华桦",
    "英瑛",
    "珍贞真",
    "建健",
    "志智治",
    "琴勤",
    "燕艳",
    "平萍",
    "军君均",
    "红宏洪鸿",
    "玉育",
    "文雯",
    "杰洁捷",
    "佳嘉家",
    "欣鑫新心",
    "雨宇羽",
    "怡宜仪",
    "浩昊皓",
    "俊峻骏",
    "小晓",
    "成诚承",
    "云芸",
    "林琳霖",
    "会惠慧",
    "先仙",
    "元远园源",
    "忠中钟",
    "正政",
    "永勇",
    "付傅",
    "肖萧",
    "德得",
    "春椿",
];
const VARIANTS: [(char, char); 30] = [
    ('国', '國'),
    ('华', '華'),
    ('张', '張'),
    ('陈', '陳'),
    ('杨', '楊'),
    ('刘', '劉'),
    ('赵', '趙'),
    ('郑', '鄭'),
    ('邹', '鄒'),
    ('冯', '馮'),
    ('谢', '謝'),
    ('罗', '羅'),
    ('黄', '黃'),
    ('吴', '吳'),
    ('云', '雲'),
    ('兰', '蘭'),
    ('学', '學'),
    ('伟', '偉'),
    ('红', '紅'),
    ('峰', '峯'),
    ('群', '羣'),
    ('龙', '龍'),
    ('万', '萬'),
    ('发', '發'),
    ('兴', '興'),
    ('贵', '貴'),
    ('义', '義'),
    ('凤', '鳳'),
    ('丽', '麗'),
    ('会', '會'),
];

/// The name misspelt, or `None` where this name cannot be misspelt that way.
pub(super) fn misspell(name: &str, how: Misspelling, random: &mut Random) -> Option<String> {
    let characters: Vec<char> = name.chars().collect();
    match how {
        Misspelling::Homophone => replace_one(&characters, random, |character, random| {
            let group = SAME_SOUND.iter().find(|group| group.contains(character))?;
            let others: Vec<char> = group.chars().filter(|&other| other != character).collect();
            Some(random.pick(&others))
        }),
        Misspelling::Variant => {
            replace_one(&characters, random, |character, _| VARIANTS.iter().find(|pair| pair.0 == character).map(|pair| pair.1))
        }
        Misspelling::DroppedMiddle => {
            (characters.len() == 3 && !name.contains('·')).then(|| [characters[0], characters[2]].iter().collect())
        }
        Misspelling::Title => Some(format!("{name}{}", random.pick(&["（户主）", "(户主)", "（已核）", "（老）"]))),
        Misspelling::Spaces => match characters.as_slice() {
            [first, last] => Some(format!("{first}{}{last}", random.pick(&["  ", " ", "　"]))),
            _ => Some(format!("{name}{}", random.pick(&[" ", "　", "\u{a0}"]))),
        },
        Misspelling::RareLost => {
            let lost = random.pick(&['□', '?', '＊']);
            let written: String = characters.iter().map(|&character| if is_rare(character) { lost } else { character }).collect();
            (written != name).then_some(written)
        }
        Misspelling::Dot => {
            let dot: &str = random.pick(&[".", "．", "•", "・", "。", "-", ""]);
            name.contains('·').then(|| name.replace('·', dot))
        }
        Misspelling::OtherGiven => {
            let (female, year) = kin(name)?;
            let other = full(random, surname_of(name)?, female, year, None);
            (other != name).then_some(other)
        }
        Misspelling::OtherCharacter => {
            let (female, year) = kin(name)?;
            let pool: Vec<char> = pool(female, year).chars().filter(|other| !name.contains(*other)).collect();
            let position = characters.len() - 1 - random.below(if characters.len() > 2 { 2 } else { 1 }) as usize;
            let mut written = characters;
            written[position] = random.pick(&pool);
            Some(written.into_iter().collect())
        }
        Misspelling::SwappedGiven => match characters.as_slice() {
            [surname, first, last] if first != last => Some([*surname, *last, *first].iter().collect()),
            _ => None,
        },
    }
}

/// The longest surname that the name begins with.
fn surname_of(name: &str) -> Option<&'static str> {
    SURNAMES.iter().map(|(surname, _)| *surname).filter(|surname| name.starts_with(surname)).max_by_key(|surname| surname.len())
}

/// Whether two names of one surname have nothing else in common.
pub(super) fn share_surname_only(name: &str, other: &str) -> bool {
    let given = |name: &str| surname_of(name).map_or("", |surname| name.strip_prefix(surname).unwrap_or("")).to_owned();
    surname_of(name) == surname_of(other) && !given(name).chars().any(|character| given(other).contains(character))
}

/// Sex and a year of birth at which a name's last character is fashionable; `None` for names that are not made of those.
fn kin(name: &str) -> Option<(bool, i32)> {
    let last = name.chars().last()?;
    [(false, 1960), (true, 1960), (false, 1990), (true, 1990)]
        .into_iter()
        .find(|&(female, year)| pool(female, year).contains(last))
}

/// Whether an old system cannot write the character.
pub(super) fn is_rare(character: char) -> bool {
    RARE[..4].contains(&character)
}

fn replace_one(characters: &[char], random: &mut Random, with: impl Fn(char, &mut Random) -> Option<char>) -> Option<String> {
    let start = random.below(u32::try_from(characters.len()).unwrap_or(0)) as usize;
    for offset in 0..characters.len() {
        let position = (start + offset) % characters.len();
        if let Some(other) = with(characters[position], random) {
            let mut written = characters.to_vec();
            written[position] = other;
            return Some(written.into_iter().collect());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelling_differs_from_the_name() {
        let mut random = Random::keyed(3, &[]);
        for how in [
            Misspelling::Homophone,
            Misspelling::Variant,
            Misspelling::DroppedMiddle,
            Misspelling::Title,
            Misspelling::Spaces,
            Misspelling::OtherGiven,
            Misspelling::OtherCharacter,
            Misspelling::SwappedGiven,
        ] {
            let written = misspell("陈明华", how, &mut random).expect("this name can be misspelt in every way");
            assert_ne!(written, "陈明华", "{how:?}");
        }
        assert_eq!(misspell("陈明华", Misspelling::RareLost, &mut random), None);
        assert!(
            share_surname_only("令狐文", "令狐明")
                && !share_surname_only("陈明华", "陈华")
                && !share_surname_only("陈明", "王华")
        );
        assert_eq!(misspell("陈明华", Misspelling::Dot, &mut random), None);
    }
}
