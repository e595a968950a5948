//! What judges lines: learners, and the rules without learning that have to stand beside them.

use baselines::{Classifier, Learner, Rows, Unfit};
use log_synthesis::rule_of;

use super::layout::Said;

/// A way to judge lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judge {
    /// A model of the features.
    Learner(Learner),
    /// Flags nothing: the accuracy that any other has to beat.
    AlwaysNormal,
    /// Flags a template that no training line has.
    UnseenTemplate,
    /// Flags by the words and the level of a line, see [`rule_of`].
    Words,
    /// Flags a template if most training lines of it are anomalous: what the templates' names alone tell.
    TemplateShare,
}

/// A line with all that judges look at.
pub(super) struct Subject<'s> {
    pub(super) said: Said<'s>,
    pub(super) row: &'s [f64],
    /// Its template, if a training line has it.
    pub(super) template: Option<usize>,
}

/// A judge that has learnt.
pub(super) enum Fitted {
    Classifier(Box<Classifier>),
    AlwaysNormal,
    UnseenTemplate,
    Words,
    /// Share of anomalous training lines, by template.
    TemplateShare(Vec<f64>),
}

/// Training lines as rows, with labels and templates.
pub(super) struct Lesson<'l> {
    pub(super) rows: &'l Rows,
    pub(super) is_anomalous: &'l [bool],
    pub(super) templates: &'l [Option<usize>],
    /// Templates of the parser.
    pub(super) known: usize,
    pub(super) seed: u64,
}

impl Judge {
    /// All, the learners first.
    pub(super) fn all() -> Vec<Self> {
        let rules = [
            Self::Words,
            Self::TemplateShare,
            Self::UnseenTemplate,
            Self::AlwaysNormal,
        ];
        Learner::all().into_iter().map(Self::Learner).chain(rules).collect()
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Learner(learner) => learner.name(),
            Self::AlwaysNormal => "always normal",
            Self::UnseenTemplate => "unseen template",
            Self::Words => "words and level",
            Self::TemplateShare => "label of the template",
        }
    }

    pub(super) fn is_learner(self) -> bool {
        matches!(self, Self::Learner(_))
    }

    pub(super) fn fit(self, lesson: &Lesson<'_>) -> Result<Fitted, Unfit> {
        Ok(match self {
            Self::Learner(learner) => {
                Fitted::Classifier(Box::new(learner.fit(lesson.rows, lesson.is_anomalous, lesson.seed)?))
            }
            Self::AlwaysNormal => Fitted::AlwaysNormal,
            Self::UnseenTemplate => Fitted::UnseenTemplate,
            Self::Words => Fitted::Words,
            Self::TemplateShare => {
                let mut counts = vec![[0.0, 0.0]; lesson.known];
                for (template, &is_anomalous) in lesson.templates.iter().zip(lesson.is_anomalous) {
                    if let Some(template) = *template {
                        counts[template][usize::from(is_anomalous)] += 1.0;
                    }
                }
                let share = |[normal, anomalous]: &[f64; 2]| anomalous / f64::max(normal + anomalous, 1.0);
                Fitted::TemplateShare(counts.iter().map(share).collect())
            }
        })
    }
}

impl Fitted {
    /// The score of a line, higher for a more anomalous one, and whether it is flagged.
    pub(super) fn judge(&self, subject: &Subject<'_>) -> (f64, bool) {
        let rule = |is_so: bool| (f64::from(u8::from(is_so)), is_so);
        match self {
            Self::Classifier(classifier) => {
                let score = classifier.score(subject.row);
                (score, score > classifier.threshold())
            }
            Self::AlwaysNormal => (0.0, false),
            Self::UnseenTemplate => rule(subject.template.is_none()),
            Self::Words => rule(rule_of(subject.said.level, subject.said.content).is_some()),
            Self::TemplateShare(shares) => {
                let share = subject.template.map_or(0.0, |template| shares[template]);
                (share, share > 0.5)
            }
        }
    }
}
