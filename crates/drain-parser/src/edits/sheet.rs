//! The templates while edits are applied to them.

use rustc_hash::FxHashMap;

use super::{Edit, Edits, Gone, Part, Wording};
use crate::template::{Template, TemplateId};
use crate::words::{Word, text_of};

/// A sequence of words by which lines are matched.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) words: Vec<Word>,
    /// Index of the template that lines of this form have.
    pub(crate) template: usize,
    /// Whether it is looked at before those that are not.
    pub(crate) pinned: bool,
}

/// Templates and their forms. Each template has at least one, except while an edit is under way.
#[derive(Debug, Default)]
pub(crate) struct Sheet {
    pub(crate) templates: Vec<Template>,
    pub(crate) forms: Vec<Form>,
    by_id: FxHashMap<TemplateId, usize>,
}

impl Sheet {
    /// `mined`: words of templates, with the number of lines that taught each; equal ones become one.
    pub(crate) fn of(mined: impl Iterator<Item = (Vec<Word>, u64)>) -> Self {
        let mut sheet = Self::default();
        for (words, count) in mined {
            let known = sheet.templates.len();
            let template = sheet.template(&text_of(&words));
            sheet.templates[template].count += count;
            if template == known || sheet.form(&words).is_none() {
                sheet.forms.push(Form {
                    words,
                    template,
                    pinned: false,
                });
            }
        }
        sheet
    }

    /// Carries the edits out, and tells which of them name templates that are not there.
    pub(crate) fn apply(&mut self, edits: &Edits) -> Vec<Gone> {
        let mut gone = Vec::new();
        for (index, edit) in edits.iter().enumerate() {
            let named = match edit {
                Edit::Rename { .. } | Edit::Pin { .. } => &[][..],
                Edit::Merge { templates, .. } => templates,
                Edit::Split { template, .. } => std::slice::from_ref(template),
            };
            gone.extend(
                named
                    .iter()
                    .filter(|named| self.form(&named.0).is_none())
                    .map(|named| Gone {
                        edit: index,
                        template: named.text(),
                    }),
            );
            match edit {
                Edit::Rename { .. } => {}
                Edit::Pin { templates } => self.pin(templates.iter().map(|form| (form, form))),
                Edit::Merge { templates, into } => {
                    let others = templates.iter().filter(|other| !covers(&into.0, &other.0));
                    self.pin(std::iter::once(into).chain(others).map(|form| (form, into)));
                }
                Edit::Split { template, parts } => self.split(template, parts),
            }
            self.drop_formless();
        }
        // A name may have been given before the edit that makes its template.
        for (index, edit) in edits.iter().enumerate() {
            if let Edit::Rename { template, name } = edit {
                match self.by_id.get(template) {
                    Some(&known) => self.templates[known].name = Some(name.clone()),
                    None => gone.push(Gone {
                        edit: index,
                        template: template.to_string(),
                    }),
                }
            }
        }
        gone
    }

    fn form(&self, words: &[Word]) -> Option<&Form> {
        self.forms.iter().find(|form| form.words == words)
    }

    /// The template with this text, which is added if it is not there.
    fn template(&mut self, text: &str) -> usize {
        let id = TemplateId::of(text);
        let Self { templates, by_id, .. } = self;
        *by_id.entry(id).or_insert_with(|| {
            templates.push(Template {
                id,
                text: text.to_owned(),
                name: None,
                count: 0,
            });
            templates.len() - 1
        })
    }

    /// Pins forms, each of the template with the other wording's text, in place of all that they cover.
    fn pin<'w>(&mut self, forms: impl Iterator<Item = (&'w Wording, &'w Wording)>) {
        let mut pinned: Vec<Form> = Vec::new();
        for (form, template) in forms {
            if pinned.iter().all(|other| other.words != form.0) {
                pinned.push(Form {
                    words: form.0.clone(),
                    template: self.template(&template.text()),
                    pinned: true,
                });
            }
        }
        // The most specific one takes what several cover.
        let mut ranked: Vec<&Form> = pinned.iter().collect();
        ranked.sort_by_key(|form| form.words.iter().filter(|word| is_parameter(word)).count());
        let mut heirs: Vec<Option<usize>> = vec![None; self.templates.len()];
        self.forms.retain(|form| {
            let heir = ranked.iter().find(|pinned| covers(&pinned.words, &form.words));
            if let Some(heir) = heir {
                heirs[form.template] = Some(heir.template);
            }
            heir.is_none()
        });
        self.forms.extend(pinned);
        let has_form = self.templates_with_forms();
        for (template, heir) in heirs.into_iter().enumerate() {
            if let Some(heir) = heir.filter(|_| !has_form[template]) {
                self.templates[heir].count += std::mem::take(&mut self.templates[template].count);
            }
        }
    }

    fn split(&mut self, template: &Wording, parts: &[Part]) {
        self.pin(parts.iter().map(|part| (&part.template, &part.template)));
        // What was learnt later may have widened the template.
        let whole = self.form(&template.0);
        let whole = whole.or_else(|| self.forms.iter().find(|form| covers(&form.words, &template.0)));
        let Some(whole) = whole.map(|form| form.template) else {
            return;
        };
        let counted: u64 = parts.iter().map(|part| part.count).sum();
        let lines = self.templates[whole].count;
        for part in parts {
            let Some(&own) = self.by_id.get(&TemplateId::of(&part.template.text())) else {
                continue;
            };
            let share = u128::from(lines) * u128::from(part.count) / u128::from(counted.max(1));
            let moved = u64::try_from(share).unwrap_or(lines).min(self.templates[whole].count);
            self.templates[whole].count -= moved;
            self.templates[own].count += moved;
        }
    }

    fn templates_with_forms(&self) -> Vec<bool> {
        let mut has_form = vec![false; self.templates.len()];
        self.forms.iter().for_each(|form| has_form[form.template] = true);
        has_form
    }

    fn drop_formless(&mut self) {
        let has_form = self.templates_with_forms();
        if has_form.iter().all(|has| *has) {
            return;
        }
        let mut place = vec![0; has_form.len()];
        let mut kept = Vec::new();
        for (index, template) in std::mem::take(&mut self.templates).into_iter().enumerate() {
            place[index] = kept.len();
            if has_form[index] {
                kept.push(template);
            }
        }
        self.by_id = kept
            .iter()
            .enumerate()
            .map(|(index, template)| (template.id, index))
            .collect();
        self.templates = kept;
        self.forms
            .iter_mut()
            .for_each(|form| form.template = place[form.template]);
    }
}

fn is_parameter(word: &Word) -> bool {
    matches!(word, Word::Wildcard | Word::Run)
}

/// Whether every line of `special` is one of `general`. Where parameters stand in rows of any length, that is told only
/// of equal ones.
pub(super) fn covers(general: &[Word], special: &[Word]) -> bool {
    let has_run = |words: &[Word]| words.contains(&Word::Run);
    if has_run(general) || has_run(special) {
        return general == special;
    }
    let fits = |(general, special): (&Word, &Word)| {
        general == special || (*general == Word::Wildcard && !matches!(special, Word::Mark(_)))
    };
    general.len() == special.len() && general.iter().zip(special).all(fits)
}
