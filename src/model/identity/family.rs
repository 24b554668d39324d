//! Whether a text that stands alone is somebody's name, or a word that is nobody's.
//!
//! Takes a text without padding. [`is_plain_name`] says what may be a name by its family name or by signs that only names have; [`is_word`] what
//! certainly is none: of the rest (a rare family name, a minority's name without its dot) nobody can tell. Total over any text; linear in it.

/// Words that begin as names do.
const NO_NAMES: [&str; 26] = [
    "高龄",
    "高中",
    "高职",
    "高一",
    "高二",
    "高三",
    "高中生",
    "高校",
    "任务",
    "金额",
    "白内障",
    "文盲",
    "文化",
    "常住",
    "常住户",
    "安置",
    "安置户",
    "安置点",
    "易地",
    "易返贫",
    "向上",
    "向下",
    "单亲",
    "单身",
    "双女户",
    "支出型",
];

/// Characters of which a short text that is nobody's name has one.
const SPEAKING: [char; 55] = [
    '停', '退', '保', '销', '未', '已', '不', '拟', '死', '亡', '迁', '注', '取', '消', '休', '学', '转', '毕', '业', '辍', '缴',
    '补', '一', '二', '三', '四', '五', '六', '级', '新', '增', '原', '有', '其', '他', '月', '季', '年', '度', '城', '农', '低',
    '特', '困', '残', '户', '组', '班', '孤', '养', '童', '续', '病', '亲', '类',
];

/// Whether a text alone in the column of names may be somebody's name: a family name of the region and one or two characters, or signs that
/// only names have.
#[must_use]
pub fn is_plain_name(text: &str) -> bool {
    const FAMILIES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁卢姚沈钟姜崔谭陆范汪廖石贾夏付方邹熊孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵覃武钱戴严莫孔汤康乔赖洪庞樊兰殷施俞柳冉犹骆娄鄢邬佘支雍詹穆申牟喻游艾敖谌令韦任金白万尚温季倪卓翁章梅霍耿左祝聂焦柴欧司皮屈舒项裴席卜谷匡阳向安易文常";
    let length = text.chars().count();
    let compound = starts_with_compound(text);
    let is_han_only = text.chars().all(is_han);
    if text.contains(['·', '•', '*', '＊', '某', '○', '×'])
        || (!is_han_only && text.contains(|sign: char| sign.is_ascii_alphabetic()))
    {
        return true;
    }
    let family = text.chars().next().is_some_and(|family| FAMILIES.contains(family));
    is_han_only && !NO_NAMES.contains(&text) && ((2..=3).contains(&length) && family || compound && length <= 4)
}

/// Whether a family name of two characters stands first.
#[must_use]
pub fn starts_with_compound(text: &str) -> bool {
    ["令狐", "欧阳", "司马", "上官", "诸葛", "司徒"].iter().any(|family| text.starts_with(family))
}

/// Whether a short text has a character of words on how somebody stands or of which kind he is.
#[must_use]
pub fn speaks(text: &str) -> bool {
    text.contains(SPEAKING)
}

/// How relatives are called, at the end of a text that names somebody by another.
const KIN: [char; 18] =
    ['妻', '夫', '子', '女', '儿', '父', '母', '孙', '媳', '婿', '兄', '弟', '姐', '妹', '哥', '嫂', '爷', '奶'];

/// Whether a text is a name and whose relative: `骆秀建之妻`, `付芬贵子`.
#[must_use]
pub fn is_relative(text: &str) -> bool {
    let begins = || is_plain_name(&text.chars().take(2).collect::<String>());
    (4..=6).contains(&text.chars().count()) && text.ends_with(KIN) && text.chars().all(is_han) && begins()
}

/// Whether a text is certainly no name: `A类`, `五保户`, `上年结转`, `张三等3人`, `王家寨`. `is_family` tells family names that others of the list have.
#[must_use]
pub fn is_word(text: &str, is_family: &dyn Fn(char) -> bool) -> bool {
    // How land is called, and hamlets on it; never given names.
    const LAND: [char; 10] = ['寨', '湾', '坝', '坳', '垭', '沟', '屯', '嘴', '槽', '坨'];
    let mut signs = text.chars();
    let (Some(first), Some(second)) = (signs.next(), signs.next()) else { return false };
    let is_counted =
        text.contains(|sign: char| sign.is_ascii_digit()) && text.ends_with(['人', '户', '口', '名', '级', '类', '档']);
    if is_counted || first.is_ascii_alphabetic() && matches!(second, '类' | '级' | '档' | '等' | '组') {
        return true;
    }
    if !text.chars().all(is_han) {
        return false;
    }
    let length = text.chars().count();
    let is_known = || is_plain_name(text) || is_family(first) || starts_with_compound(text);
    // `骆秀建之妻` is somebody; `高龄老人` begins as a name does.
    let is_kin = || length >= 4 && text.ends_with(KIN);
    let is_land = text.ends_with(LAND) && (length <= 2 || second == '家' || !is_known());
    is_land || speaks(text) && !(is_kin() || is_known() && length <= 4) || NO_NAMES.contains(&text)
}

/// A Chinese character.
#[must_use]
pub fn is_han(sign: char) -> bool {
    matches!(sign, '\u{3400}'..='\u{9fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_names_that_stand_alone() {
        let of = |text: &str| is_word(text, &|family| family == '蒙');
        for text in [
            "A类",
            "五保户",
            "上年结转",
            "张三等3人",
            "王家寨",
            "大坝",
            "重残",
            "重病",
            "单亲",
            "孤儿",
            "低保边缘家庭",
            "3人户",
            "单身",
            "李家湾",
        ] {
            assert!(of(text), "{text}");
        }
        for text in [
            "王小明",
            "骆秀建之妻",
            "付芬贵子",
            "蒙学文",
            "张*",
            "李某某",
            "阿卜杜拉·买买提",
            "欧阳新年",
            "丫",
            "韩荣建1",
            "X小明",
            "向学",
            "NGUYEN THI",
            "扎西顿珠",
            "罗甲贵",
        ] {
            assert!(!of(text), "{text}");
        }
    }
}
