//! Characters of names and headers that are written in several ways, and the one form they are compared in.
//!
//! Own list of characters met in personal names and in headers, not a general converter. Traditional forms follow 简化字总表 (1986); variants follow
//! 第一批异体字整理表 (1955). Some variants (堃, 喆, 镕 …) have been standard characters for names since 通用规范汉字表 (2013): they
//! are still written one way in one registry and the other way in the next, so they meet here. Never used for output.

use std::sync::LazyLock;

/// Pairs: as written, as compared.
const TRADITIONAL: &str = "\
    張张 劉刘 陳陈 楊杨 趙赵 黃黄 吳吴 孫孙 馬马 羅罗 鄭郑 謝谢 許许 韓韩 \
    馮冯 鄧邓 蕭肖 葉叶 蘇苏 魯鲁 盧卢 蔣蒋 賈贾 閻闫 譚谭 鄒邹 陸陆 龍龙 \
    萬万 錢钱 湯汤 賀贺 龔龚 嚴严 顧顾 龐庞 聶聂 莊庄 齊齐 溫温 顏颜 藍蓝 \
    駱骆 鄔邬 婁娄 畢毕 喬乔 賴赖 歐欧 陽阳 關关 應应 單单 儲储 費费 紀纪 \
    項项 華华 韋韦 車车 饒饶 勞劳 鄺邝 竇窦 強强 塗涂 闕阙 嶽岳 國国 偉伟 \
    麗丽 蘭兰 鳳凤 瓊琼 連连 貴贵 榮荣 開开 學学 權权 發发 慶庆 軍军 東东 \
    興兴 雲云 飛飞 傑杰 寶宝 書书 輝辉 紅红 豔艳 艷艳 銀银 鋒锋 鋼钢 鐵铁 \
    鵬鹏 鶴鹤 龜龟 齡龄 靜静 順顺 頌颂 須须 題题 願愿 風风 驕骄 駿骏 騰腾 \
    驊骅 驥骥 鴻鸿 鷹鹰 鵑鹃 鸞鸾 鶯莺 麥麦 黨党 點点 亞亚 來来 侖仑 倫伦 \
    傳传 億亿 儀仪 優优 儉俭 兒儿 內内 兩两 冊册 凱凯 劍剑 勁劲 動动 勛勋 \
    勝胜 勳勋 勵励 區区 協协 參参 雙双 啟启 員员 問问 嘯啸 園园 圓圆 圖图 \
    團团 堅坚 場场 塊块 塵尘 壯壮 壽寿 夢梦 奮奋 婭娅 婦妇 媽妈 嬌娇 嫻娴 \
    寧宁 實实 審审 寬宽 對对 導导 將将 專专 尋寻 屬属 岡冈 島岛 峽峡 崗岗 \
    嵐岚 嶺岭 巒峦 帥帅 師师 帶带 幫帮 廣广 庫库 彌弥 彎弯 彥彦 徑径 從从 \
    徹彻 復复 恆恒 悅悦 愛爱 態态 憑凭 憲宪 憶忆 懷怀 戰战 戲戏 戶户 執执 \
    揚扬 換换 損损 搖摇 敵敌 數数 時时 晉晋 晝昼 暉晖 曄晔 曉晓 曆历 歷历 \
    會会 朧胧 條条 棟栋 棗枣 極极 構构 槍枪 楓枫 樂乐 樓楼 標标 樞枢 樣样 \
    樸朴 樹树 橋桥 機机 橫横 檢检 櫻樱 歡欢 歲岁 歸归 殘残 氣气 決决 沖冲 \
    況况 淚泪 淨净 淵渊 淺浅 渾浑 湧涌 準准 溝沟 滄沧 滿满 漁渔 漢汉 漣涟 \
    潔洁 潤润 澗涧 澤泽 濃浓 濟济 濤涛 濱滨 瀅滢 瀟潇 瀾澜 灣湾 為为 爲为 \
    烏乌 煉炼 煒炜 煥焕 煙烟 熱热 燁烨 燈灯 營营 燦灿 爍烁 爐炉 爭争 爾尔 \
    牽牵 狀状 獅狮 獎奖 獨独 獻献 現现 瑋玮 瑤瑶 瑩莹 瑪玛 璣玑 璽玺 環环 \
    瓏珑 產产 畝亩 畫画 當当 盡尽 監监 盤盘 眾众 矯矫 碩硕 禎祯 禪禅 禮礼 \
    種种 稱称 穀谷 積积 穎颖 穩稳 筆笔 節节 範范 築筑 簡简 籃篮 籌筹 籬篱 \
    粵粤 糧粮 約约 純纯 紗纱 紋纹 納纳 紹绍 終终 組组 結结 給给 絢绚 統统 \
    絲丝 絹绢 綠绿 綢绸 維维 綱纲 綺绮 綿绵 緒绪 緣缘 編编 緯纬 練练 縣县 \
    縱纵 績绩 織织 繡绣 繩绳 繼继 續续 纓缨 纖纤 羣群 義义 習习 翹翘 聖圣 \
    聞闻 聯联 聰聪 聲声 職职 聽听 肅肃 膽胆 臉脸 臨临 臺台 與与 舉举 舊旧 \
    萊莱 蒼苍 蓀荪 蓮莲 蔭荫 薈荟 薔蔷 藝艺 藥药 蘆芦 蘊蕴 處处 號号 螢萤 \
    蟬蝉 術术 衛卫 補补 裝装 覺觉 覽览 觀观 訊讯 訓训 記记 訪访 設设 詠咏 \
    評评 詞词 詩诗 誠诚 話话 詳详 誌志 認认 語语 誼谊 調调 諒谅 論论 諾诺 \
    謀谋 謙谦 講讲 謹谨 證证 識识 譜谱 議议 護护 譽誉 讀读 變变 讓让 豐丰 \
    貝贝 貞贞 財财 貢贡 責责 貿贸 賓宾 賜赐 賞赏 賢贤 賦赋 質质 贊赞 贇赟 \
    趨趋 躍跃 軒轩 軻轲 載载 輕轻 輪轮 輯辑 轉转 辦办 農农 迴回 逕径 進进 \
    運运 過过 達达 違违 遙遥 遜逊 遠远 適适 遲迟 遷迁 選选 遺遗 邁迈 邊边 \
    還还 郵邮 鄉乡 鄰邻 醫医 釗钊 針针 鈞钧 鈴铃 鈺钰 鉅巨 鉛铅 銅铜 銘铭 \
    銳锐 錄录 錦锦 錫锡 鍋锅 鍾钟 锺钟 鎖锁 鎮镇 鎧铠 鏡镜 鐘钟 鐸铎 鑄铸 \
    鑑鉴 鑒鉴 長长 門门 閃闪 閆闫 閏闰 閒闲 間间 閣阁 閩闽 闊阔 闖闯 際际 \
    陝陕 陰阴 隊队 階阶 隨随 險险 隱隐 隴陇 雋隽 雖虽 離离 難难 電电 霧雾 \
    霽霁 靈灵 鞏巩 韌韧 韜韬 韻韵 響响 頂顶 頁页 預预 領领 頤颐 頻频 顆颗 \
    類类 顯显 颯飒 飄飘 養养 餘余 館馆 駒驹 駕驾 騎骑 驗验 驚惊 髮发 鬧闹 \
    魚鱼 鮑鲍 鮮鲜 鯉鲤 鳴鸣 鴛鸳 鴦鸯 鵝鹅 無无 沒没 這这 確确 貧贫 貼贴 繳缴 級级 視视 體体 資资 銷销 註注 撥拨 簽签 錯错 誤误 \
    該该 個个 們们 後后 歿殁 裡里 壞坏 請请 報报 \
    業业 喪丧 價价 傷伤 償偿 兌兑 寫写 衝冲 凍冻 減减 幾几 劃划 則则 創创 刪删 別别 啓启 \
    圍围 備备 頭头 層层 帳帐 廢废 異异 棄弃 總总 撫抚 搶抢 擔担 擬拟 據据 斷断 暫暂 雜杂 \
    櫃柜 欄栏 檔档 滬沪 漸渐 獄狱 療疗 碼码 礎础 礙碍 籤签 細细 絕绝 綜综 脫脱 薦荐 計计 \
    訂订 診诊 說说 課课 負负 敗败 賬账 購购 貳贰 貸贷 蹤踪 較较 輔辅 輸输 辭辞 遼辽 裏里 \
    鍵键 額额 駁驳";

/// Pairs: as written, as compared.
const VARIANTS: &str = "\
    峯峰 堃坤 喆哲 淩凌 昇升 陞升 昺炳 昞炳 菓果 菴庵 犇奔 逺远 甦苏 濬浚 \
    璿璇 琁璇 晳晰 脩修 祕秘 勲勋 珎珍 寳宝 髙高 呉吴 黒黑 靑青 淸清 曺曹 \
    槑梅 迺乃 廼乃 仝同 弌一 囯国 圀国 喦岩 巗岩 巖岩 嵒岩 崑昆 崐昆 崙仑 \
    蕚萼 蘂蕊 蕋蕊 桒桑 栢柏 棊棋 碁棋 椀碗 谿溪 瀰弥 泝溯 澂澄 妳你 嫺娴 \
    彞彝 勅敕 竝并 並并 併并 鎔熔 镕熔 冨富 徳德 悳德 恵惠 稲稻 穐秋 秌秋 \
    艸草 荘庄 蓡参 覇霸 邨村 韮韭 頴颖 鴈雁 鷄鸡 鶏鸡 鷰燕 麐麟 尅克 剋克 \
    皐皋 萧肖 阎闫 呂吕 剛刚 煇辉 祿禄 經经 務务 嵗岁 玨珏 甯宁 腳脚 \
    苧苎 規规 親亲 貫贯 閔闵 頓顿 頡颉 驍骁 莭节 旾春 芲花";

static TABLE: LazyLock<Vec<(char, char)>> = LazyLock::new(|| {
    let pair = |word: &str| {
        let mut characters = word.chars();
        Some((characters.next()?, characters.next()?))
    };
    let mut table: Vec<_> = TRADITIONAL.split(' ').chain(VARIANTS.split(' ')).filter_map(pair).collect();
    table.sort_unstable();
    table
});

/// The form of `character` that names are compared in; itself if the list does not have it.
#[must_use]
pub fn simplified(character: char) -> char {
    if character.is_ascii() {
        return character;
    }
    TABLE.binary_search_by_key(&character, |&(written, _)| written).map_or(character, |at| TABLE[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_a_function_and_settles_at_once() {
        assert!(TABLE.windows(2).all(|pair| pair[0].0 != pair[1].0), "a character with two forms");
        for &(written, form) in TABLE.iter() {
            assert_eq!(simplified(form), form, "{written} needs two steps");
        }
        assert!(TRADITIONAL.split(' ').chain(VARIANTS.split(' ')).all(|word| word.chars().count() == 2));
    }
}
