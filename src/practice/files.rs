//! Which registry becomes which files: one tidy workbook each, or the mixture that offices send, where some towns have a layout of their own.

use crate::model::date::Month;

use super::divisions::Village;
use super::partial::Partial;
use super::registers::HEAD_NUMBER;
use super::sheet::{Dress, Sheet, lay_out};
use super::table::{Cell, Table};
use super::truth::RowTruth;
use super::write::{TextForm, text, xlsx, zip_gbk};
use super::{Edition, Layout, PracticeError};

/// Columns that come first in the roster of the town that heads two of them alike.
const HEADED_ALIKE: [(&str, &str); 4] =
    [("户主姓名", "户主姓名"), (HEAD_NUMBER, "身份证号码"), ("姓名", "姓名"), ("身份证号", "身份证号码")];
/// What a family's form has once.
const OF_FAMILY: [&str; 6] = ["乡镇", "村组", "家庭编号", "户主姓名", "参合年度", "联系电话"];

/// A file of the month and, for each person's row in it, where it stands.
pub(super) struct Written {
    /// Relative to the month's input folder.
    pub(super) path: String,
    pub(super) bytes: Vec<u8>,
}

/// Lays registries out one after the other, so that a county's tables are never all in memory.
pub(super) struct Desk<'a> {
    pub(super) layout: Layout,
    pub(super) edition: Edition,
    pub(super) seed: u64,
    pub(super) month: Month,
    pub(super) villages: &'a [Village],
    pub(super) partial: &'a [Partial],
    pub(super) truth: &'a mut RowTruth,
}

impl Desk<'_> {
    /// One table of any registry but poverty; `other` is its second table where it has two (the two subsidies).
    pub(super) fn file(&mut self, mut table: Table, mut other: Option<Table>) -> Result<Vec<Written>, PracticeError> {
        for table in std::iter::once(&mut table).chain(&mut other) {
            self.shorten(table);
        }
        let date = self.month.last_day().to_string();
        let titled = Dress { titled: true, date: &date, ..Dress::default() };
        if self.layout == Layout::Plain {
            let path = format!("{}.xlsx", table.registry);
            let sheets: Vec<Sheet> = std::iter::once(table.without(HEAD_NUMBER))
                .chain(other)
                .map(|table| lay_out(sheet_name(&table), table, Dress::default()))
                .collect();
            return Ok(vec![self.workbook(path, &sheets)?]);
        }
        let month = self.month;
        let own = self.own_layout(&mut table, titled)?;
        let written = match table.registry {
            "dibao" => {
                let mut sheets = Vec::new();
                for (town, table) in table.by_town() {
                    let table = if self.is_town(4, town) { table.fronted(&HEADED_ALIKE) } else { table.without(HEAD_NUMBER) };
                    sheets.push(lay_out(&self.town(town), table, titled));
                }
                self.workbook(format!("民政/{month}农村低保人员信息.xlsx"), &sheets)?
            }
            "dibao_payment" => {
                let dress = Dress { subtotal_every: usize::MAX, ..titled };
                self.text_file(format!("民政/{month}农村低保发放明细.xls"), &lay_out("", table, dress), TextForm::Html)
            }
            "tekun" => {
                let dress = Dress { subtotal_every: 25, signed: true, ..titled };
                self.workbook(
                    format!("民政/{}年特困供养人员花名册.xlsx", month.year()),
                    &[lay_out("特困供养人员", table, dress)],
                )?
            }
            "tekun_payment" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file(format!("民政/{month}特困供养金发放.csv"), &sheet, TextForm::CsvUtf8Formula)
            }
            "insurance" => {
                let path = format!("合医/{}年度参合人员名册.xlsx", month.year());
                self.workbook(path, &[lay_out("Sheet1", table, Dress::default())])?
            }
            "premium_subsidy" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file(format!("合医/{}年度资助参合人员.xls", month.year()), &sheet, TextForm::TsvQuoted)
            }
            "disability" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file("残联/持证残疾人信息.csv".to_owned(), &sheet, TextForm::CsvGb18030)
            }
            "student" => {
                let sheets = self.per_town(table, Dress::default());
                self.workbook("教育/学籍名册.xlsx".to_owned(), &sheets)?
            }
            "student_aid" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file(format!("教育/{}年学生资助发放台账.csv", month.year()), &sheet, TextForm::CsvGb18030)
            }
            "student_loan" => {
                let path = format!("教育/{}年生源地信用助学贷款台账.xlsx", month.year());
                self.workbook(path, &[lay_out("Sheet1", table, titled)])?
            }
            "inpatient" => {
                let sheet = lay_out("", table, Dress { subtotal_every: usize::MAX, ..titled });
                self.text_file(format!("合医/{}年住院补偿结算记录.xls", month.year()), &sheet, TextForm::Html)
            }
            "chronic" => {
                let sheet = lay_out("", table, titled);
                self.text_file("卫计/慢病签约随访台账.txt".to_owned(), &sheet, TextForm::TsvUtf16)
            }
            "major_disease" => {
                let dress = Dress { signed: true, groups: &[(5, 8, "四定")], ..titled };
                self.workbook("卫计/大病专项救治台账.xlsx".to_owned(), &[lay_out("Sheet1", table, dress)])?
            }
            "staff" => self.workbook("卫计/卫生项目和人员台账.xlsx".to_owned(), &[lay_out("Sheet1", table, titled)])?,
            "disability_service" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file("残联/残疾人康复服务台账.csv".to_owned(), &sheet, TextForm::CsvGb18030)
            }
            "temporary_aid" => {
                let path = format!("民政/{}年临时救助发放台账.xlsx", month.year());
                self.workbook(path, &[lay_out("临时救助", table, Dress { signed: true, ..titled })])?
            }
            "relocation" => {
                let dress = Dress { subtotal_every: 100, signed: true, ..titled };
                self.workbook("移民/易地扶贫搬迁人口台账.xlsx".to_owned(), &[lay_out("搬迁人口", table, dress)])?
            }
            "death" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file("民政/火化人员名单.csv".to_owned(), &sheet, TextForm::CsvGb18030)
            }
            "exemption" => self.text_file("豁免清单.xls".to_owned(), &lay_out("豁免清单", table, titled), TextForm::Xml2003),
            "marriage" => self.workbook("民政/婚姻登记名单.xlsx".to_owned(), &[lay_out("婚姻登记", table, titled)])?,
            "inspection" => self.workbook("督查/督查台账.xlsx".to_owned(), &[lay_out("督查", table, titled)])?,
            "training" => {
                let dress = Dress { header_every: 60, signed: true, ..titled };
                self.workbook(format!("人社/{}年农村劳动力培训名册.xlsx", month.year()), &[lay_out("培训", table, dress)])?
            }
            "employment" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file("人社/贫困劳动力就业台账.csv".to_owned(), &sheet, TextForm::CsvUtf8Formula)
            }
            "service_card" => {
                let sheet = lay_out("", table, Dress::default());
                self.text_file("人社/全程服务卡.xls".to_owned(), &sheet, TextForm::TsvQuoted)
            }
            "start_up" => self.workbook("人社/一次性创业补贴台账.xlsx".to_owned(), &[lay_out("Sheet1", table, titled)])?,
            "east_school" => self.workbook("教育/赴东部就读学生名单.xlsx".to_owned(), &[lay_out("Sheet1", table, titled)])?,
            "job_bank" => self.workbook("人社/用工岗位信息库.xlsx".to_owned(), &[lay_out("Sheet1", table, titled)])?,
            "job_fair" => self.workbook("人社/招聘会台账.xlsx".to_owned(), &[lay_out("Sheet1", table, titled)])?,
            "village_list" => self.workbook("扶贫/贫困村名单.xlsx".to_owned(), &[lay_out("贫困村", table, titled)])?,
            _ => {
                let dress = Dress { header_every: 40, signed: true, groups: &[(4, 8, "补贴信息")], ..titled };
                let sheets: Vec<Sheet> =
                    std::iter::once(table).chain(other).map(|table| lay_out(sheet_name(&table), table, dress)).collect();
                self.workbook(format!("残联/{month}残疾人两项补贴.xlsx"), &sheets)?
            }
        };
        Ok(own.into_iter().chain([written]).collect())
    }

    fn shorten(&self, table: &mut Table) {
        for partial in self.partial {
            partial.shorten(self.seed, table);
        }
    }

    /// Whether the town is the one that has a layout of its own, the `wanted`th, in a county of fewer towns counted on from the first.
    fn is_town(&self, wanted: u32, town: u32) -> bool {
        let towns = self.villages.last().map_or(1, |village| village.town_index + 1);
        self.edition != Edition::First && town == wanted % towns
    }

    /// What a town or a village sends by itself, in its own layout; its rows are taken out of the table.
    fn own_layout(&mut self, table: &mut Table, titled: Dress<'_>) -> Result<Option<Written>, PracticeError> {
        if self.edition == Edition::First {
            return Ok(None);
        }
        let (year, month) = (self.month.year(), self.month.yyyymm() % 100);
        let (path, sheet) = match table.registry {
            "premium_subsidy" => {
                let list = table.split_off(|row| self.is_town(17, row.town));
                let Some(town) = list.rows.first().map(|row| self.town(row.town)) else { return Ok(None) };
                (format!("合医/{town}{year}年度资助参合人员.xlsx"), lay_out("Sheet1", list.two_up(), titled))
            }
            "dibao_payment" if month % 3 == 0 => {
                let mut list = table.split_off(|row| self.is_town(9, row.town));
                let Some(town) = list.rows.first().map(|row| self.town(row.town)) else { return Ok(None) };
                for cell in list.rows.iter_mut().flat_map(|row| &mut row.cells) {
                    if let Cell::Money(fen) = cell {
                        *fen *= 3;
                    }
                }
                list.title = format!("{year}年{}-{month}月农村低保发放明细", month - 2);
                (format!("民政/{town}{}.xlsx", list.title), lay_out("Sheet1", list, titled))
            }
            "insurance" => {
                let Some(village) = self.villages.get(self.villages.len() * 5 / 8) else { return Ok(None) };
                let short = village.short();
                let of_village = |cell: Option<&Cell>| cell.is_some_and(|cell| cell.text().starts_with(&short));
                let mut list = table.split_off(|row| row.town == village.town_index && of_village(row.cells.get(1)));
                list.title = format!("{}{short}{year}年度城乡居民参合家庭登记表", village.town);
                (format!("合医/{}.xlsx", list.title), lay_out("Sheet1", list.forms(&OF_FAMILY), titled))
            }
            _ => return Ok(None),
        };
        self.workbook(path, &[sheet]).map(Some)
    }

    /// The poverty registry, which the county sends town by town in every form there is. `wide` is its table in the wide edition.
    pub(super) fn poverty(&mut self, mut table: Table, mut wide: Option<Table>) -> Result<Vec<Written>, PracticeError> {
        for table in std::iter::once(&mut table).chain(&mut wide) {
            self.shorten(table);
        }
        if self.layout == Layout::Plain {
            let sheets = [lay_out("poverty", table, Dress::default())];
            return Ok(vec![self.workbook("poverty.xlsx".to_owned(), &sheets)?]);
        }
        let date = self.month.last_day().to_string();
        let titled = Dress { titled: true, date: &date, ..Dress::default() };
        let mut written = Vec::new();
        if let Some(mut wide) = wide {
            let last_town = self.villages.last().map_or(0, |village| village.town_index);
            drop(table.split_off(|row| row.town == last_town));
            let wide = wide.split_off(|row| row.town == last_town);
            let sheet = lay_out("自定义导出", wide, Dress::default());
            written.push(self.workbook(format!("扶贫/（自定义）贫困人口信息_{}.xlsx", self.month), &[sheet])?);
        }
        let (mut sheets, mut zipped) = (Vec::new(), Vec::new());
        let archive = "扶贫/贫困人口信息（部分乡镇）.zip";
        for (town, table) in table.by_town() {
            let name = self.town(town);
            let path = |ending: &str| format!("扶贫/{name}贫困人口信息.{ending}");
            match town % 8 {
                0 | 1 => sheets.push(lay_out(&name, table, titled)),
                2 => {
                    let dress = Dress {
                        household_columns: &[5, 9, 19, 20],
                        subtotal_every: 200,
                        signed: true,
                        groups: &[(1, 4, "所在地"), (14, 17, "健康与劳动")],
                        ..titled
                    };
                    let sheet = lay_out("Sheet1", table, dress);
                    written.push(self.workbook(path("xlsx"), &[sheet])?);
                }
                3 | 4 => {
                    let inner = format!("{name}.csv");
                    let sheet = lay_out("", table, Dress::default());
                    self.truth.sheet(&format!("{archive}/{inner}"), &sheet);
                    zipped.push((inner, text(&sheet, TextForm::CsvGb18030)));
                }
                5 => written.push(self.text_file(path("csv"), &lay_out("", table, Dress::default()), TextForm::CsvUtf8Formula)),
                6 => written.push(self.text_file(path("txt"), &lay_out("", table, titled), TextForm::TsvUtf16)),
                _ => written.push(self.text_file(path("xls"), &lay_out("", table, Dress::default()), TextForm::TsvQuoted)),
            }
        }
        if !sheets.is_empty() {
            written.push(self.workbook(format!("扶贫/{}贫困人口信息.xlsx", self.month), &sheets)?);
        }
        if !zipped.is_empty() {
            written.push(Written { path: archive.to_owned(), bytes: zip_gbk(&zipped)? });
        }
        Ok(written)
    }

    fn per_town(&self, table: Table, dress: Dress<'_>) -> Vec<Sheet> {
        table.by_town().into_iter().map(|(town, table)| lay_out(&self.town(town), table, dress)).collect()
    }

    fn town(&self, town: u32) -> String {
        self.villages.iter().find(|village| village.town_index == town).map_or_else(String::new, |village| village.town.clone())
    }

    fn workbook(&mut self, path: String, sheets: &[Sheet]) -> Result<Written, PracticeError> {
        for sheet in sheets {
            self.truth.sheet(&path, sheet);
        }
        let bytes = xlsx(sheets, &self.month.last_day().to_string())?;
        Ok(Written { path, bytes })
    }

    fn text_file(&mut self, path: String, sheet: &Sheet, form: TextForm) -> Written {
        self.truth.sheet(&path, sheet);
        Written { bytes: text(sheet, form), path }
    }
}

fn sheet_name(table: &Table) -> &'static str {
    match table.registry {
        "disability_subsidy" if table.title.contains("护理") => "护理补贴",
        "disability_subsidy" => "生活补贴",
        registry => registry,
    }
}
