(() => {
  const list = document.getElementById("templates");
  const filter = document.getElementById("filter");
  const order = document.getElementById("order");
  const shown = document.getElementById("shown");
  const rows = [...list.children].map((element) => ({
    element,
    count: +element.dataset.count,
    first: +element.dataset.first,
    text: element.querySelector(".text code").textContent,
    all: element.textContent.toLowerCase(),
  }));
  const orders = {
    common: (a, b) => b.count - a.count || a.first - b.first,
    rare: (a, b) => a.count - b.count || a.first - b.first,
    new: (a, b) => b.first - a.first,
    old: (a, b) => a.first - b.first,
    text: (a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0),
  };
  const hide = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const row of rows) {
      row.element.hidden = !words.every((word) => row.all.includes(word));
      left += row.element.hidden ? 0 : 1;
    }
    shown.textContent = `${left} of ${rows.length}`;
  };
  const sort = () => {
    rows.sort(orders[order.value]);
    list.append(...rows.map((row) => row.element));
  };
  filter.addEventListener("input", hide);
  order.addEventListener("change", sort);
  document.querySelector(".tools").hidden = false;
  sort();
  hide();
})();
