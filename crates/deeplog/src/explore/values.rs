//! How often each value of a header field comes.

use rustc_hash::FxHashMap;

/// Distinct values that a field is known by.
pub(super) const DISTINCT: usize = 1_000;
/// Bytes of a value that are kept.
const WIDTH: usize = 120;

/// The values of one field.
pub(super) struct Values {
    pub(super) name: String,
    column: usize,
    counts: FxHashMap<Box<[u8]>, u64>,
    /// Messages whose value was new when no more were told apart.
    pub(super) others: u64,
    /// Messages that have a value.
    pub(super) present: u64,
}

/// Names of fields that say when, or hold what is too long or too various to count.
const NOT_COUNTED: [&str; 12] = [
    "Content",
    "Date",
    "Time",
    "Timestamp",
    "Month",
    "Day",
    "Year",
    "Rest",
    "Attributes",
    "StructuredData",
    "MessageId",
    "Trace",
];

impl Values {
    /// A counter for each field of a header but those of the time stamp.
    pub(super) fn of_fields(fields: &[String], stamp: &[String]) -> Vec<Self> {
        let is_counted = |name: &String| !stamp.contains(name) && !NOT_COUNTED.contains(&&**name);
        let counted = fields.iter().enumerate().filter(|(_, name)| is_counted(name));
        counted
            .map(|(column, name)| Self {
                name: name.clone(),
                column,
                counts: FxHashMap::default(),
                others: 0,
                present: 0,
            })
            .collect()
    }

    /// Whether its values are levels, by its name.
    pub(super) fn is_level(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        ["level", "severity"].iter().any(|level| name.ends_with(level))
    }

    /// Whether it says which part of a program wrote the line, by its name.
    pub(super) fn is_component(&self) -> bool {
        ["Component", "Logger", "Module", "Class", "Program", "Unit", "Service"]
            .iter()
            .any(|name| self.name.starts_with(name))
    }

    pub(super) fn column(&self) -> usize {
        self.column
    }

    pub(super) fn add(&mut self, value: &[u8]) {
        let value = &value[..value.len().min(WIDTH)];
        if value.is_empty() {
            return;
        }
        self.present += 1;
        if let Some(count) = self.counts.get_mut(value) {
            *count += 1;
        } else if self.counts.len() < DISTINCT {
            self.counts.insert(value.into(), 1);
        } else {
            self.others += 1;
        }
    }

    /// Distinct values that are told apart.
    pub(super) fn distinct(&self) -> usize {
        self.counts.len()
    }

    /// Whether values tell messages apart in groups worth a look.
    pub(super) fn is_worth_a_look(&self) -> bool {
        let distinct = self.distinct() as u64;
        distinct > 0 && (self.others == 0 && (2 * distinct <= self.present || distinct <= 8))
    }

    /// The most frequent values.
    pub(super) fn top(&self, most: usize) -> Vec<(&[u8], u64)> {
        let mut values: Vec<(&[u8], u64)> = self.counts.iter().map(|(value, count)| (&**value, *count)).collect();
        values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        values.truncate(most);
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_up_to_a_bound() {
        let names = ["Date", "Level", "Pid", "Content"].map(str::to_owned);
        let mut fields = Values::of_fields(&names, &names[..1]);
        assert_eq!(fields.iter().map(Values::column).collect::<Vec<_>>(), [1, 2]);
        let [level, pid] = &mut fields[..] else { panic!() };
        for n in 0..3_000_u32 {
            level.add(if n % 3 == 0 { b"WARN" } else { b"INFO" });
            pid.add(n.to_string().as_bytes());
        }
        level.add(b"");
        assert_eq!(level.top(5), [(&b"INFO"[..], 2_000), (&b"WARN"[..], 1_000)]);
        assert!(level.is_level() && level.is_worth_a_look() && !pid.is_worth_a_look());
        assert_eq!((pid.distinct(), pid.others, pid.present), (DISTINCT, 2_000, 3_000));
    }
}
