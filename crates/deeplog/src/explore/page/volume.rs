//! Volume over time with bursts and silences.

use std::fmt::Write as _;

use evaluation::number::count;
use sequence_windowing::Timestamp;

use super::class;
use crate::explore::findings::{is_burst, median};
use crate::explore::gather::Gathered;
use crate::explore::severity::Severity;
use crate::explore::volume::Bucket;
use crate::explore::words::{number, span, time};

/// Bursts that are listed.
const BURSTS: usize = 6;
const HEIGHT: f64 = 100.0;

pub(super) fn section(gathered: &Gathered) -> String {
    let volume = &gathered.volume;
    let buckets = volume.buckets();
    let mut html = "<h2 id=\"volume\">Volume over time</h2>\n".to_owned();
    if buckets.is_empty() {
        html += "<p class=\"quiet\">No time stamp was read, so nothing can be said of volume, bursts and silences. If lines have \
                 one, say so in a dataset (<code>[time]</code>; <code>deeplog init</code> writes one to begin with) and give it \
                 with <code>--dataset</code>.</p>\n";
        return html;
    }
    let width = volume.width().unsigned_abs();
    let counts: Vec<Bucket> = buckets.iter().map(|(_, bucket)| *bucket).collect();
    let most = counts.iter().map(Bucket::total).max().unwrap_or(0).max(1);
    let median = median(&counts);
    let _ = writeln!(
        html,
        "<p class=\"quiet\">One bar is {}. A usual one (the median of those with any) has {}, the highest {}.{}</p>",
        span(width),
        number(median, "line"),
        count(most),
        match gathered.lines.messages - volume.messages {
            0 => String::new(),
            untimed => format!(" {} without a time are not in it.", number(untimed, "message")),
        }
    );
    html += &chart(&buckets, most);
    html += &key(&counts);
    html += "<div class=\"pair\">\n";
    html += &bursts(&buckets, median);
    html += &silences(gathered);
    html + "</div>\n"
}

fn chart(buckets: &[(Timestamp, Bucket)], most: u64) -> String {
    let mut paths = vec![String::new(); Severity::ALL.len()];
    let mut touch = String::new();
    for (x, (start, bucket)) in buckets.iter().enumerate().filter(|(_, (_, bucket))| bucket.total() > 0) {
        let scale = HEIGHT / most as f64;
        // Even a single line among millions is seen.
        let stretch = (1.5 / (bucket.total() as f64 * scale)).max(1.0);
        let mut y = HEIGHT;
        for severity in Severity::ALL.into_iter().rev() {
            let lines = bucket.by_severity[severity as usize];
            if lines > 0 {
                let height = lines as f64 * scale * stretch;
                y -= height;
                let _ = write!(
                    paths[severity as usize],
                    "M{:.2} {y:.2}h.84v{height:.2}h-.84z",
                    x as f64 + 0.08
                );
            }
        }
        let _ = write!(
            touch,
            "<rect class=\"touch\" x=\"{x}\" y=\"0\" width=\"1\" height=\"{HEIGHT}\"><title>{}: {}, from line {}</title></rect>",
            time(*start),
            number(bucket.total(), "line"),
            count(bucket.first_line)
        );
    }
    let paths: String = Severity::ALL
        .into_iter()
        .map(|severity| {
            format!(
                "<path class=\"{}\" d=\"{}\"/>",
                class(severity),
                paths[severity as usize]
            )
        })
        .collect();
    format!(
        "<div class=\"chart\"><div class=\"plot\"><svg viewBox=\"0 0 {} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"lines over time\">{paths}{touch}</svg><span class=\"high\">{}</span><span class=\"half\">{}</span></div>{}</div>\n",
        buckets.len(),
        count(most),
        count(most / 2),
        axis(buckets)
    )
}

/// Five times below a long chart, fewer below a short one.
fn axis(buckets: &[(Timestamp, Bucket)]) -> String {
    let last = buckets.len() - 1;
    let marks = if last >= 4 { 4 } else { last.min(1) };
    let marks: String = (0..=marks)
        .map(|mark| format!("<span>{}</span>", time(buckets[last * mark / marks.max(1)].0)))
        .collect();
    format!("<div class=\"axis\">{marks}</div>")
}

fn key(buckets: &[Bucket]) -> String {
    let total =
        |severity: Severity| -> u64 { buckets.iter().map(|bucket| bucket.by_severity[severity as usize]).sum() };
    let totals: Vec<(Severity, u64)> = Severity::ALL.map(|severity| (severity, total(severity))).to_vec();
    if totals
        .iter()
        .all(|(severity, lines)| *severity == Severity::None || *lines == 0)
    {
        return String::new();
    }
    let mut html = "<ul class=\"key\">".to_owned();
    for (severity, lines) in totals.iter().filter(|(_, lines)| *lines > 0) {
        let _ = write!(
            html,
            "<li><i class=\"{}\"></i>{} {}</li>",
            class(*severity),
            severity.name(),
            count(*lines)
        );
    }
    html + "</ul>\n"
}

fn bursts(buckets: &[(Timestamp, Bucket)], median: u64) -> String {
    let mut bursts: Vec<&(Timestamp, Bucket)> = buckets.iter().filter(|(_, bucket)| is_burst(bucket, median)).collect();
    let all = bursts.len();
    bursts.sort_by_key(|(_, bucket)| std::cmp::Reverse(bucket.total()));
    bursts.truncate(BURSTS);
    let mut html = "<div><h3>Bursts</h3>\n".to_owned();
    if all == 0 {
        return html
            + "<p class=\"quiet\">No bar is five times as high as a usual one, with 50 lines or more.</p></div>\n";
    }
    html += "<div class=\"wide\"><table><thead><tr><th scope=\"col\">from</th><th scope=\"col\">lines</th>\
             <th scope=\"col\">× usual</th><th scope=\"col\">first line</th></tr></thead><tbody>\n";
    for (start, bucket) in &bursts {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            time(*start),
            count(bucket.total()),
            count(bucket.total() / median.max(1)),
            count(bucket.first_line)
        );
    }
    html += "</tbody></table></div>\n";
    if all > bursts.len() {
        let _ = writeln!(
            html,
            "<p class=\"quiet\">and {} more</p>",
            count((all - bursts.len()) as u64)
        );
    }
    html + "</div>\n"
}

fn silences(gathered: &Gathered) -> String {
    let mut html = "<div><h3>Longest silences</h3>\n".to_owned();
    if gathered.volume.silences.is_empty() {
        return html + "<p class=\"quiet\">All messages have the same time.</p></div>\n";
    }
    html += "<div class=\"wide\"><table><thead><tr><th scope=\"col\">after</th><th scope=\"col\">for</th>\
             <th scope=\"col\">between lines</th></tr></thead><tbody>\n";
    for silence in &gathered.volume.silences {
        let _ = writeln!(
            html,
            "<tr><td>{}</td><td>{}</td><td>{}, {}</td></tr>",
            time(silence.from),
            span(silence.length),
            count(silence.lines.0),
            count(silence.lines.1)
        );
    }
    html + "</tbody></table></div></div>\n"
}
