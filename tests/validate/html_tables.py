"""The tables of a page, read back."""

from html.parser import HTMLParser


class Tables(HTMLParser):
    """Every table as rows of cells: (classes, columns spanned, text)."""

    def __init__(self, html):
        super().__init__()
        self.tables, self.identified, self.links = [], {}, []
        self.cell = None
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.links += [given[key] for key in ("src", "href") if key in given]
        if tag == "table":
            self.tables.append([])
            self.identified[given.get("id") or given.get("class")] = self.tables[-1]
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.cell = [set((given.get("class") or "").split()), int(given.get("colspan", 1)), ""]
            self.tables[-1][-1].append(self.cell)

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.cell = None

    def handle_data(self, data):
        if self.cell is not None:
            self.cell[2] += data
