//! The words of a document in a language, and what the resources in it were called.

use std::collections::BTreeMap;

use banggiao_contracts::reporting::v1::{self as pb, GroupKey};
use banggiao_model::period::Period;

/// The words of one document.
pub struct Words<'a> {
    /// The language, `vi` or `en`.
    pub language: &'static str,
    labels: BTreeMap<&'a str, &'a BTreeMap<String, String>>,
}

impl<'a> Words<'a> {
    /// The words for a report.
    pub fn new(content: &'a pb::ReportContent, language: &'static str) -> Self {
        let labels = content.labels.iter();
        Self {
            language,
            labels: labels.map(|label| (label.name.as_str(), &label.names)).collect(),
        }
    }

    /// One of two texts.
    pub fn pick(&self, vi: &str, en: &str) -> String {
        if self.language == "en" { en } else { vi }.to_owned()
    }

    /// The text in the language, or else in Vietnamese.
    pub fn text(&self, texts: &BTreeMap<String, String>) -> String {
        let text = texts.get(self.language).or_else(|| texts.get("vi"));
        text.cloned().unwrap_or_default()
    }

    /// What a measure is called.
    pub fn measure(&self, measure: &pb::ReportMeasure) -> String {
        if measure.names.is_empty() {
            measure.indicator.clone()
        } else {
            self.text(&measure.names)
        }
    }

    /// What a resource or a code in a group is called.
    pub fn called(&self, value: &str) -> String {
        if let Some(names) = self.labels.get(value) {
            return self.text(names);
        }
        if let Ok(period) = Period::parse(value) {
            return period.title(self.language);
        }
        match value {
            "NONE" => self.pick("(không có)", "(none)"),
            "REGION" => self.pick("Cấp quân khu", "Region"),
            "PROVINCE" => self.pick("Cấp tỉnh", "Province"),
            "DISTRICT" => self.pick("Cấp huyện", "District"),
            "COMMUNE" => self.pick("Cấp xã", "Commune"),
            "OTHER" => self.pick("Khác", "Other"),
            "INBOUND" => self.pick("Đoàn vào", "Inbound"),
            "OUTBOUND" => self.pick("Đoàn ra", "Outbound"),
            "KH" => self.pick("Campuchia", "Cambodia"),
            "LA" => self.pick("Lào", "Laos"),
            "VN" => self.pick("Việt Nam", "Viet Nam"),
            other => other.rsplit('/').next().unwrap_or(other).to_owned(),
        }
    }

    /// The heading of what figures are divided by.
    pub fn key(&self, key: GroupKey) -> String {
        let (vi, en) = match key {
            GroupKey::ChildUnit | GroupKey::Unit => ("Đơn vị", "Unit"),
            GroupKey::PartnerUnit => ("Đơn vị bạn", "Partner unit"),
            GroupKey::PartnerCountry => ("Nước", "Country"),
            GroupKey::EventType => ("Loại", "Type"),
            GroupKey::Direction => ("Chiều", "Direction"),
            GroupKey::Programme => ("Đề án", "Programme"),
            GroupKey::Month => ("Tháng", "Month"),
            GroupKey::Quarter => ("Quý", "Quarter"),
            GroupKey::Year => ("Năm", "Year"),
            GroupKey::Level => ("Cấp", "Level"),
            GroupKey::Half => ("6 tháng", "Half-year"),
            GroupKey::Campaign => ("Mùa khô", "Dry season"),
            GroupKey::Team => ("Đội quy tập", "Team"),
            GroupKey::AidItem => ("Mặt hàng", "Item"),
            GroupKey::Unspecified => ("", ""),
        };
        self.pick(vi, en)
    }
}
