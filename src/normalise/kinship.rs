//! Relation to the head of a household: a small grammar of kinship, not a list of spellings.
//!
//! A cell is cut into steps from the head: son, daughter, father, mother, wife, husband, brother, sister; `长子媳妇` is son, wife. The path of
//! steps gives the registry's word (`之儿媳`). Words for both ends (`父子`) are read from the head: the row is the younger one, or the one who married
//! in. What cannot be cut without rest is none. Total over any text; a canonical word means itself.

use super::vocabulary::fold;

/// Paths and the registry's words for them. Steps: `s` son, `d` daughter, `c` child, `f` father, `m` mother, `p` parent, `w` wife, `h` husband, `x`
/// either, `b` brother or sister.
const PATHS: &[(&str, &str)] = &[
    ("户主", ""),
    ("配偶", "w h x"),
    ("之子", "s"),
    ("之女", "d"),
    ("之子女", "c"),
    ("之儿媳", "sw sx cw"),
    ("之女婿", "dh dx ch"),
    ("之孙子", "ss cs"),
    ("之孙女", "sd cd"),
    ("之孙子女", "sc cc"),
    ("之外孙子", "ds"),
    ("之外孙女", "dd"),
    ("之外孙子女", "dc"),
    ("之父", "f"),
    ("之母", "m"),
    ("之父母", "p"),
    ("之岳父", "wf"),
    ("之岳母", "wm"),
    ("之岳父母", "wp"),
    ("之公公", "hf"),
    ("之婆婆", "hm"),
    ("之公婆", "hp"),
    ("之祖父", "ff pf"),
    ("之祖母", "fm pm"),
    ("之祖父母", "fp pp"),
    ("之外祖父", "mf"),
    ("之外祖母", "mm"),
    ("之外祖父母", "mp"),
    ("之兄弟姐妹", "b"),
    ("之孙媳", "ssw csw ssx csx"),
    ("之孙女婿", "sdh cdh sdx cdx"),
    ("之曾孙子", "sss css ssc csc scs ccs"),
    ("之曾孙女", "ssd csd scd ccd"),
    ("之侄儿", "bs"),
    ("之侄女", "bd"),
    ("之侄儿女", "bc"),
    ("之兄弟媳妇", "bw bx"),
    ("之叔伯", "fb"),
    ("之曾祖父", "fff ppf"),
    ("之曾祖母", "ffm ppm"),
];

/// Words and their steps; longer ones are tried first.
const WORDS: &[(&str, &str)] = &[
    ("", "户主 本人 户主本人 本人或户主 当事人 申请人 自己 01"),
    ("w", "妻子 妻 老婆 爱妻 夫人 女方 前妻 媳妇 婆娘"),
    ("h", "丈夫 夫 老公 男方"),
    ("x", "配偶 爱人 夫妻 夫妇 妻夫 老伴 02"),
    ("s", "儿子 子 男孩 儿 父子 母子 03"),
    ("d", "女儿 女 女孩 闺女 父女 母女 04"),
    ("c", "子女 孩子 儿女 小孩"),
    ("sw", "儿媳 儿媳妇 子媳 婆媳 翁媳 公媳 05"),
    ("dh", "女婿 婿 姑爷 翁婿 岳婿 上门女婿 06"),
    ("ss", "孙子 孙 孙儿 嫡孙 07"),
    ("sd", "孙女 孙女儿 08"),
    ("sc", "孙子女 孙子孙女 孙辈 爷孙 祖孙 婆孙"),
    ("ds", "外孙子 外孙 外孙儿 09"),
    ("dd", "外孙女 外孙女儿 10"),
    ("dc", "外孙子女"),
    ("f", "父亲 父 爸爸 爸 生父 11"),
    ("m", "母亲 母 妈妈 妈 生母 12"),
    ("p", "父母 双亲"),
    ("wf", "岳父 丈人 13"),
    ("wm", "岳母 丈母娘 14"),
    ("hf", "公公 公爹 15"),
    ("hm", "婆婆 16"),
    ("ff", "祖父 爷爷 爷 17"),
    ("fm", "祖母 奶奶 奶 18"),
    ("mf", "外祖父 外公 19"),
    ("mm", "外祖母 外婆 20"),
    ("b", "兄弟姐妹 兄弟 姐妹 兄妹 姐弟 哥哥 弟弟 姐姐 妹妹 兄长 胞兄 胞弟 胞姐 胞妹 哥 弟 姐 妹 兄"),
];

/// Words whose steps are not worth a path of their own.
const WHOLE: &[(&str, &str)] = &[
    ("bw", "嫂子 嫂 弟媳 弟媳妇 兄弟媳妇 弟妹"),
    ("bs", "侄儿 侄子 侄 侄男 叔侄 伯侄"),
    ("bd", "侄女"),
    ("bc", "侄儿女 侄子女"),
    ("fb", "叔伯 叔父 伯父 叔叔 伯伯 叔 伯 幺叔 大伯"),
    ("ssw", "孙媳 孙媳妇"),
    ("sdh", "孙女婿"),
    ("sss", "曾孙子 曾孙 重孙 重孙子"),
    ("ssd", "曾孙女 重孙女"),
    ("fff", "曾祖父 太爷"),
    ("ffm", "曾祖母 太奶"),
    ("wp", "岳父母"),
    ("hp", "公婆"),
    ("fp", "祖父母"),
    ("mp", "外祖父母"),
    ("bbs", "外甥 外甥女 姑父 姑母 姑姑 姨父 姨母 姨妈 舅父 舅母 舅舅 舅 姨 姑"),
    ("bbd", "堂兄 堂弟 堂姐 堂妹 表兄 表弟 表姐 表妹 表哥 堂哥 连襟 妯娌 小姑子 小叔子 小舅子 姐夫 妹夫"),
    ("bbc", "其他 其它 其他亲属 非亲属 其他关系 亲属 寄养 雇工 朋友 监护人 99"),
    ("bbb", "继父 继母 养父 养母"),
    ("bbw", "孤儿"),
];

/// What tells one child, brother or spouse from another.
const RANKS: &[&str] = &[
    "长", "次", "大", "二", "三", "四", "五", "六", "七", "八", "九", "十", "1", "2", "3", "4", "5", "6", "小", "老", "幼", "幺",
    "满", "独生", "养", "继", "亲", "前", "第",
];
/// What may stand before and between steps.
const FILLERS: &[&str] = &["户主", "与户主", "之", "的", "其", "系", "该", "家庭"];
/// What may stand at the end.
const ENDS: &[&str] = &["关系", "之"];

/// The relation to the head in the poverty registry's words: `户主`, `配偶`, `之子` …
#[must_use]
pub fn relation(text: &str) -> Option<&'static str> {
    if let Some((canonical, _)) = PATHS.iter().find(|(canonical, _)| *canonical == text) {
        return Some(canonical);
    }
    if text == OTHER {
        return Some(OTHER);
    }
    let folded = fold(text);
    let (outside, inside) = brackets(&folded);
    let path = path(&outside).or_else(|| path(&inside))?;
    // `本人（户主）` says one thing twice; `户主（之父）` says two.
    let path = match (path.is_empty(), steps(&inside)) {
        (true, Some(inside)) if !inside.is_empty() => inside,
        _ => path,
    };
    let found = PATHS.iter().find(|(_, paths)| paths.split(' ').any(|known| known == path));
    Some(found.map_or(OTHER, |(canonical, _)| canonical))
}

const OTHER: &str = "其他";

/// A relation written as a code: the number, and whether two digits stand there.
pub(super) fn code(text: &str) -> Option<(u8, bool)> {
    let digits = text.trim();
    let digits = digits.strip_suffix(".0").unwrap_or(digits);
    let is_code = (1..=2).contains(&digits.len()) && digits.bytes().all(|sign| sign.is_ascii_digit());
    Some((digits.parse().ok().filter(|_| is_code)?, digits.len() == 2))
}

/// The relations that a column's codes stand for. Two systems use the same digits for others: the poverty system's (`03` son, `20` mother's
/// mother) and GB/T 4761 (`02` head, `10` spouse, `20` son); the whole column tells which, or nobody can.
pub(super) fn decoded(codes: &[(u8, bool)]) -> Vec<Option<&'static str>> {
    let has = |range: std::ops::RangeInclusive<u8>| codes.iter().any(|(code, two)| *two && range.contains(code));
    let (only_poverty, only_standard) = (has(3..=9), has(21..=98));
    let is_standard = only_standard || has(10..=10) || has(20..=20);
    let is_unclear = only_poverty && only_standard || !only_poverty && !is_standard && has(11..=19);
    let of = |(code, two): &(u8, bool)| match (is_unclear, only_poverty || !is_standard) {
        (true, _) => None,
        (false, true) => relation(&format!("{code:02}")).filter(|_| *two),
        (false, false) => standard(*code),
    };
    codes.iter().map(of).collect()
}

/// A code of GB/T 4761-2008.
fn standard(code: u8) -> Option<&'static str> {
    Some(match code {
        1 | 2 => "户主",
        10..=12 => "配偶",
        28 => "之女婿",
        20..=29 => "之子",
        38 => "之儿媳",
        30..=39 => "之女",
        40 | 49 => "之孙子女",
        41 => "之孙子",
        42 => "之孙女",
        43 => "之外孙子",
        44 => "之外孙女",
        45 => "之孙媳",
        46 => "之孙女婿",
        47 => "之曾孙子",
        48 => "之曾孙女",
        50 | 59 => "之父母",
        51 => "之父",
        52 => "之母",
        53 => "之公公",
        54 => "之婆婆",
        55 => "之岳父",
        56 => "之岳母",
        60 => "之祖父母",
        61 => "之祖父",
        62 => "之祖母",
        63 => "之外祖父",
        64 => "之外祖母",
        66 => "之曾祖父",
        67 => "之曾祖母",
        72 | 74 => "之兄弟媳妇",
        70 | 71 | 73 | 75 | 77 | 79 => "之兄弟姐妹",
        57..=99 => OTHER,
        _ => return None,
    })
}

/// What stands outside brackets and what inside.
fn brackets(text: &str) -> (String, String) {
    let (mut outside, mut inside, mut depth) = (String::new(), String::new(), 0_u32);
    for character in text.chars() {
        match character {
            '(' | '[' | '【' | '〔' => depth += 1,
            ')' | ']' | '】' | '〕' => depth = depth.saturating_sub(1),
            '.' | '。' | ',' | '、' | '/' | '-' | '_' | ':' => {}
            _ if depth > 0 => inside.push(character),
            _ => outside.push(character),
        }
    }
    (outside, inside)
}

/// The path a text names; the head's own where it says no more than that.
fn path(text: &str) -> Option<String> {
    let bare = ENDS.iter().find_map(|end| text.strip_suffix(end)).unwrap_or(text);
    let bare = bare.strip_prefix("与户主").or_else(|| bare.strip_prefix("系户主")).unwrap_or(bare);
    steps(bare).or_else(|| steps(text))
}

/// The steps of a text that can be cut without rest; `None` for an empty one.
fn steps(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    cut(text, 0)
}

fn cut(text: &str, depth: u32) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    if depth > 8 {
        return None;
    }
    let mut words: Vec<(&str, &str)> = WORDS
        .iter()
        .chain(WHOLE)
        .flat_map(|(steps, words)| words.split(' ').map(move |word| (*steps, word)))
        .filter(|(_, word)| text.starts_with(word))
        .collect();
    words.sort_by_key(|(_, word)| std::cmp::Reverse(word.len()));
    let rest_of = |word: &str| text.get(word.len()..).unwrap_or("");
    for (steps, word) in words {
        if let Some(rest) = cut(rest_of(word), depth + 1) {
            return Some(format!("{steps}{rest}"));
        }
    }
    let skipped = FILLERS.iter().chain(RANKS).filter(|word| text.starts_with(**word) && text.len() > word.len());
    skipped.into_iter().find_map(|word| cut(rest_of(word), depth + 1))
}

/// Where a relation stands to the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    Child,
    Grandchild,
    Parent,
    Other,
}

/// The generation of a canonical relation.
pub(super) fn generation(relation: &str) -> Generation {
    match relation {
        "之子" | "之女" | "之子女" => Generation::Child,
        "之孙子" | "之孙女" | "之孙子女" | "之外孙子" | "之外孙女" | "之外孙子女" | "之曾孙子" | "之曾孙女" => {
            Generation::Grandchild
        }
        "之父" | "之母" | "之父母" => Generation::Parent,
        _ => Generation::Other,
    }
}

/// Whether a canonical relation is a man's; `None` where it may be either's.
pub(super) fn is_male(relation: &str) -> Option<bool> {
    match relation {
        "之子" | "之女婿" | "之孙子" | "之外孙子" | "之父" | "之岳父" | "之公公" | "之祖父" | "之外祖父" | "之曾孙子"
        | "之侄儿" | "之叔伯" => Some(true),
        "之女" | "之儿媳" | "之孙女" | "之外孙女" | "之母" | "之岳母" | "之婆婆" | "之祖母" | "之外祖母" | "之曾孙女"
        | "之孙媳" | "之侄女" | "之兄弟媳妇" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn relations_of_both_registries() {
        for (text, expected) in [
            ("本人或户主", "户主"),
            ("本人", "户主"),
            ("户主本人", "户主"),
            ("本人（户主）", "户主"),
            ("户主(本人)", "户主"),
            ("妻子", "配偶"),
            ("户主之妻", "配偶"),
            ("户主妻子", "配偶"),
            ("夫妻", "配偶"),
            ("夫妻关系", "配偶"),
            ("之妻", "配偶"),
            ("媳妇", "配偶"),
            ("长子", "之子"),
            ("大儿子", "之子"),
            ("养子", "之子"),
            ("独生子", "之子"),
            ("父子", "之子"),
            ("父子关系", "之子"),
            ("母女", "之女"),
            ("之 女", "之女"),
            ("二女儿", "之女"),
            ("長子", "之子"),
            ("兒子", "之子"),
            ("子女", "之子女"),
            ("长子媳妇", "之儿媳"),
            ("儿子之妻", "之儿媳"),
            ("二儿媳妇", "之儿媳"),
            ("婆媳", "之儿媳"),
            ("长女婿", "之女婿"),
            ("女儿的丈夫", "之女婿"),
            ("长孙", "之孙子"),
            ("儿子的儿子", "之孙子"),
            ("子之女", "之孙女"),
            ("孙子女", "之孙子女"),
            ("祖孙", "之孙子女"),
            ("女儿之子", "之外孙子"),
            ("09", "之外孙子"),
            ("妻之母", "之岳母"),
            ("丈夫的父亲", "之公公"),
            ("父之父", "之祖父"),
            ("父亲的母亲", "之祖母"),
            ("孙媳妇", "之孙媳"),
            ("孙子媳妇", "之孙媳"),
            ("孙女婿", "之孙女婿"),
            ("兄妹", "之兄弟姐妹"),
            ("弟之子", "之侄儿"),
            ("兄弟媳妇", "之兄弟媳妇"),
            ("之侄女", "之侄女"),
            ("其它", "其他"),
            ("表弟", "其他"),
            ("外甥", "其他"),
            ("妻之兄", "其他"),
        ] {
            assert_eq!(relation(text), Some(expected), "{text}");
        }
        for text in ["1", "", "不详", "瑞溪镇", "子虚乌有", "户主电话"] {
            assert_eq!(relation(text), None, "{text}: 1 is the head in one registry and the husband in another");
        }
    }

    #[test]
    fn the_column_tells_whose_codes_they_are() {
        let read = |texts: &str| decoded(&texts.split(' ').filter_map(code).collect::<Vec<_>>());
        let words = |texts: &'static str| texts.split(' ').map(Some).collect::<Vec<_>>();
        assert_eq!(read("01 02 03 04 10 20"), words("户主 配偶 之子 之女 之外孙女 之外祖母"));
        assert_eq!(read("01 10 20 30 51 42 97"), words("户主 配偶 之子 之女 之父 之孙女 其他"));
        assert_eq!(read("02 10 20"), words("户主 配偶 之子"));
        assert_eq!(read("1 10.0 20 30"), words("户主 配偶 之子 之女"));
        assert_eq!(read("01 02"), words("户主 配偶"));
        assert_eq!(read("01 03 30"), vec![None; 3]);
        assert_eq!(read("01 11"), vec![None; 2]);
        assert_eq!(read("1 2 3"), vec![None; 3]);
        assert_eq!((code("户主"), code("123"), code("")), (None, None, None));
        for code in 0..=99 {
            assert!(standard(code).is_none_or(|word| relation(word) == Some(word)), "{code}");
        }
    }

    #[test]
    fn every_word_has_one_meaning() {
        let mut words: Vec<&str> = WORDS.iter().chain(WHOLE).flat_map(|(_, words)| words.split(' ')).collect();
        let all = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), all, "a word with two meanings");
        let mut paths: Vec<&str> = PATHS.iter().flat_map(|(_, paths)| paths.split(' ')).collect();
        let all = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), all, "a path with two words");
    }

    proptest! {
        #[test]
        fn canonical_words_stay(text in "\\PC{0,8}|[户主之子女儿妻夫父母孙兄长次（）]{0,7}") {
            if let Some(word) = relation(&text) {
                prop_assert_eq!(relation(word), Some(word));
            }
        }
    }
}
