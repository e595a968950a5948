//! Plots.

use super::{assert_balanced, metrics};
use crate::*;

fn names(plots: &[Plot]) -> Vec<&'static str> {
    plots.iter().map(|plot| plot.name).collect()
}

#[test]
fn one_run_gives_every_picture() {
    let plots = plots(&[metrics()]).unwrap();
    assert_eq!(
        names(&plots),
        [
            "precision_recall",
            "rivals",
            "candidates",
            "threshold",
            "scores",
            "loss",
            "confusion"
        ]
    );
    for plot in &plots {
        assert_balanced(&plot.svg);
        assert!(
            plot.svg.starts_with("<svg width=\"900\" height=\"600\" role=\"img\""),
            "{}",
            &plot.svg[..60]
        );
        assert!(!plot.svg.contains('\u{202e}') && !plot.svg.contains("NaN"));
        let picture = png::Decoder::new(std::io::Cursor::new(&plot.png)).read_info().unwrap();
        assert_eq!((picture.info().width, picture.info().height), (1800, 1200));
    }
    assert!(
        plots[0].svg.contains(r"hdfs &lt;&amp;&gt; \u{202e}"),
        "the name of the run, escaped"
    );
    assert!(plots[0].svg.contains("at 25% anomalous"));
    assert!(plots[1].svg.contains("unseen_key&lt;, AP 0.") && plots[1].svg.contains("deeplog, AP 0."));
    assert!(plots[2].svg.contains("oracle"));
}

#[test]
fn png_holds_more_than_paper() {
    for plot in plots(&[metrics()]).unwrap() {
        let mut reader = png::Decoder::new(std::io::Cursor::new(&plot.png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        // The title is text: it shows that the font is there.
        let title = &pixels[40 * 1800 * 3..90 * 1800 * 3];
        let ink = title.chunks(3).filter(|pixel| pixel[0] < 128).count();
        assert!(ink > 500, "{}: {ink} dark pixels where the title stands", plot.name);
    }
}

#[test]
fn several_runs_lie_over_one_another() {
    let mut second = metrics();
    second.experiment.name = "second run".to_owned();
    let plots = plots(&[metrics(), second]).unwrap();
    assert_eq!(names(&plots), ["precision_recall", "candidates", "loss"]);
    for plot in plots {
        assert_balanced(&plot.svg);
        assert!(plot.svg.contains("second run"), "{}", plot.name);
    }
}

#[test]
fn what_is_not_there_is_left_out() {
    let unlabelled = Metrics::default();
    assert!(!unlabelled.has_labels());
    assert_eq!(names(&plots(&[unlabelled]).unwrap()), Vec::<&str>::new());
    assert_eq!(names(&plots(&[]).unwrap()), Vec::<&str>::new());
}

#[test]
fn a_single_session_and_a_single_epoch_can_be_drawn() {
    let verdicts = [super::verdict(3.0, Some(1), None)];
    let judged = super::judged(&verdicts, &super::labels("+"));
    let run = Metrics {
        detector: Assessment::of(&judged, None, 1),
        sweeps: Sweeps::of(&judged, 1),
        scores: ScoreHistogram::of(&judged),
        losses: vec![EpochLoss {
            epoch: 1,
            train: 0.0,
            validation: None,
        }],
        ..Metrics::default()
    };
    let plots = plots(&[run]).unwrap();
    assert_eq!(plots.len(), 6);
    assert!(plots.iter().all(|plot| !plot.svg.contains("NaN")));
}
