//! What else stands in a cell of names: other names of the person, or whose child or spouse somebody is.
//!
//! Takes a cell as written; gives parts of it. Costs no allocation but the vector.

/// Words between two names of one person.
const CALLED: [&str; 10] = ["曾用名", "原名", "又名", "别名", "小名", "乳名", "学名", "俗称", "改名", "现名"];
const SEPARATORS: [char; 18] =
    ['(', ')', '（', '）', '[', ']', '【', '】', '〔', '〕', '<', '>', '/', '、', ':', '：', ',', '，'];
/// Who somebody is in the household, before the name: `长子张三`.
const RELATIONS: [&str; 33] = [
    "其子", "其女", "其妻", "其夫", "其父", "其母", "其孙", "代领", "代", "户主", "本人", "配偶", "妻子", "丈夫", "长子", "次子",
    "三子", "四子", "长女", "次女", "三女", "四女", "儿子", "女儿", "孙子", "孙女", "父亲", "母亲", "儿媳", "女婿", "兄弟",
    "姐妹", "外孙",
];
/// What stands behind the name of a parent, spouse or child, and the sex of whom it is about.
const KIN: [(&str, Option<&str>); 51] = [
    ("之孙女", Some("女")),
    ("之女儿", Some("女")),
    ("之儿子", Some("男")),
    ("大女儿", Some("女")),
    ("二女儿", Some("女")),
    ("三女儿", Some("女")),
    ("小女儿", Some("女")),
    ("的女儿", Some("女")),
    ("大儿子", Some("男")),
    ("二儿子", Some("男")),
    ("三儿子", Some("男")),
    ("小儿子", Some("男")),
    ("的儿子", Some("男")),
    ("的孩子", None),
    ("新生儿", None),
    ("之婴儿", None),
    ("之妻子", Some("女")),
    ("之长子", Some("男")),
    ("之次子", Some("男")),
    ("之长女", Some("女")),
    ("之次女", Some("女")),
    ("之子", Some("男")),
    ("之女", Some("女")),
    ("之孙", None),
    ("之妻", Some("女")),
    ("之夫", Some("男")),
    ("之父", Some("男")),
    ("之母", Some("女")),
    ("之婴", None),
    ("儿子", Some("男")),
    ("女儿", Some("女")),
    ("长子", Some("男")),
    ("次子", Some("男")),
    ("三子", Some("男")),
    ("长女", Some("女")),
    ("次女", Some("女")),
    ("三女", Some("女")),
    ("妻子", Some("女")),
    ("婴儿", None),
    ("宝宝", None),
    ("孩子", None),
    ("小孩", None),
    ("丈夫", Some("男")),
    ("儿媳", Some("女")),
    ("孙子", Some("男")),
    ("孙女", Some("女")),
    ("父亲", Some("男")),
    ("母亲", Some("女")),
    ("媳妇", Some("女")),
    ("老婆", Some("女")),
    ("配偶", None),
];
/// The same in one character, behind a name of three and more, or behind the head's.
const KIN_SHORT: [(char, Option<&str>); 8] = [
    ('子', Some("男")),
    ('女', Some("女")),
    ('妻', Some("女")),
    ('夫', Some("男")),
    ('父', Some("男")),
    ('母', Some("女")),
    ('孙', None),
    ('媳', Some("女")),
];

/// The names written in a cell, where there are several: `狗娃（徐建志）`, `徐海光曾用名徐海洋`.
pub(super) fn several(written: &str) -> Vec<&str> {
    if written.chars().nth(3).is_none() {
        return Vec::new();
    }
    let mut parts: Vec<&str> = vec![written];
    for word in CALLED {
        parts = parts.into_iter().flat_map(|part| part.split(word)).collect();
    }
    let parts = parts.into_iter().flat_map(|part| part.split(SEPARATORS)).map(str::trim);
    let mut parts: Vec<&str> = parts.filter(|part| part.chars().count() >= 2).collect();
    let is_name = |rest: &&str| (2..=4).contains(&rest.chars().count());
    let mut behind: Vec<&str> = Vec::new();
    for part in &parts {
        let part = part.trim_end_matches("领取").trim_end_matches('领');
        behind.extend(RELATIONS.iter().find_map(|relation| part.strip_prefix(relation)).filter(is_name));
    }
    parts.extend(behind);
    if parts == [written] { Vec::new() } else { parts }
}

/// What stands for a name that nobody wrote: `何氏`, `户主妻`, `王宝宝`, `未取名`, `欣欣`.
pub(super) fn is_placeholder(written: &str) -> bool {
    let bare = written.trim_start_matches("户主").trim_start_matches('之');
    let signs: Vec<char> = bare.chars().collect();
    let is_pet_name = matches!(signs.as_slice(), [one, other] if one == other);
    is_pet_name
        || signs.len() <= 3 && bare.ends_with('氏')
        || RELATIONS.contains(&bare)
        || KIN_BARE.split(' ').any(|word| word == bare)
        || UNNAMED.split(' ').any(|word| bare.contains(word))
}

/// Who somebody is, alone in the cell of the name.
const KIN_BARE: &str = "妻 妻子 配偶 夫 丈夫 子 女 儿子 女儿 母 父 母亲 父亲 媳 儿媳 媳妇 孙 孙子 孙女 老幺";
/// Names of those who have none yet, and those by which a child is called at home.
const UNNAMED: &str = "宝宝 未取名 未起名 未命名 待取名 无名 新生儿 婴儿 小妹 小弟 幺妹 幺弟";

/// Whose kin the row says it is about, and of which sex: `张三之子`, `张建国母`, and whatever stands behind the name of the household's head.
pub(super) fn kin_of<'a>(written: &'a str, head: Option<&'a str>) -> Option<(&'a str, Option<&'static str>)> {
    if let Some((word, sex)) = KIN.iter().find(|(word, _)| written.ends_with(word)) {
        let whose = written.strip_suffix(word)?.trim();
        return (2..=4).contains(&whose.chars().count()).then_some((whose, *sex));
    }
    let short = KIN_SHORT.iter().find_map(|(word, sex)| Some((written.strip_suffix(*word)?, *sex)));
    let head = head.filter(|head| head.chars().nth(1).is_some() && written.len() > head.len() && written.starts_with(head));
    match (head, short) {
        (Some(head), short) => Some((head, short.filter(|(whose, _)| *whose == head).and_then(|(_, sex)| sex))),
        (None, Some((whose, sex))) => (whose.chars().count() == 3).then_some((whose, sex)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_brackets_and_former_names() {
        assert_eq!(several("狗娃（徐建志）"), ["狗娃", "徐建志"]);
        assert_eq!(several("徐海光曾用名徐海洋"), ["徐海光", "徐海洋"]);
        assert_eq!(several("长子徐海光"), ["长子徐海光", "徐海光"]);
        assert_eq!(several("长子：徐海光"), ["长子", "徐海光"]);
        assert_eq!(several("李桂英（代徐海光领）"), ["李桂英", "代徐海光领", "徐海光"]);
        assert_eq!(several("李桂英（其子徐海光）"), ["李桂英", "其子徐海光", "徐海光"]);
        assert!(several("徐海光").is_empty() && several("阿卜杜拉·买买提").is_empty());
    }

    #[test]
    fn what_stands_for_a_name() {
        for written in ["何氏", "王何氏", "户主妻", "妻", "之女", "王宝宝", "未取名", "新生儿", "王小妹", "欣欣"]
        {
            assert!(is_placeholder(written), "{written}");
        }
        for written in ["王建军", "何芳", "徐海光", "王子", ""] {
            assert!(!is_placeholder(written), "{written}");
        }
    }

    #[test]
    fn somebodys_child_or_spouse() {
        assert_eq!(kin_of("胡海明之子", None), Some(("胡海明", Some("男"))));
        assert_eq!(kin_of("郭正明次子", None), Some(("郭正明", Some("男"))));
        assert_eq!(kin_of("张某之孙女", None), Some(("张某", Some("女"))));
        assert_eq!(kin_of("李长女", None), None);
        assert_eq!(kin_of("王子", None), None);
        assert_eq!(kin_of("郑光强母", None), Some(("郑光强", Some("女"))));
        assert_eq!(kin_of("付芬贵子", Some("付芬贵")), Some(("付芬贵", Some("男"))));
        assert_eq!(kin_of("付芬老幺", Some("付芬")), Some(("付芬", None)), "the head's name and a word that nobody listed");
        assert_eq!(kin_of("付芬子", None), None, "a name of three characters");
        assert_eq!(kin_of("付芬贵", Some("付芬贵")), None);
    }
}
