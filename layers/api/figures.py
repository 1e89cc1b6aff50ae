"""Every table of figures, promises and money, as JSON and as CSV, each row with its source."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from layers.api import documented as words
from layers.api.figures_money import MONEY
from layers.api.figures_promises import PROMISES
from layers.api.figures_registers import REGISTERS
from layers.api.figures_table import Table
from layers.api.views import Narrow, Rows, person_of
from layers.errors import UnknownPage
from layers.openview import OpenView, answer_json
from observatory.models import Right, User
from observatory.permissions import may
from observatory.spreadsheets import harmless

TABLES: dict[str, Table] = {table.name: table for table in (*REGISTERS, *PROMISES, *MONEY)}
AT_A_TIME = 2_000


def table_called(name: str) -> Table:
    """Return one table. Raises UnknownPage."""
    if name not in TABLES:
        raise UnknownPage(f"No table is called {name[:40]!r}.", "The list is at /api/tables/.")
    return TABLES[name]


class Tables(OpenView):
    """What tables there are."""

    @extend_schema(operation_id="listTables", summary="Tables of figures", responses={200: dict})
    def get(self, request: Request) -> HttpResponse:
        """List the tables with their columns and filters."""
        told = [
            {
                "name": table.name,
                "title": str(table.title),
                "columns": list(table.names),
                "filters": list(table.filters),
                "json": self._address(request, "table", table),
                "csv": self._address(request, "table-file", table),
            }
            for table in TABLES.values()
        ]
        return answer_json(request, {"tables": told})

    def _address(self, request: Request, route: str, table: Table) -> str:
        return request.build_absolute_uri(reverse(f"layers:api:{route}", args=[table.name]))


class _Page:
    """Rows written by a table's own columns, where a serializer is expected."""

    def __init__(self, rows: Iterable[Any], table: Table) -> None:
        self.data = [table.row(one) for one in rows]


class _OfTable(Rows):
    """Shared by both forms: which rows, narrowed by what."""

    table: Table
    usual: ClassVar[tuple[str, ...]] = ()
    orders: ClassVar[dict[str, str]] = {}

    def of(self, name: str) -> None:
        """Take the table the address names."""
        self.table = table_called(name)
        self.usual = self.table.order  # type: ignore[misc]
        self.orders = {n: path for n, (_, path) in self.table.filters.items()}  # type: ignore[misc]
        self.serializer = self._page  # type: ignore[assignment,misc]

    def _page(self, rows: Iterable[Any], **_: Any) -> _Page:
        return _Page(rows, self.table)

    def rows(self, person: User | None) -> QuerySet:
        """Return the rows the person may see."""
        return self.table.rows(person)

    def filters(self) -> Mapping[str, tuple[Callable[[str], Any], Narrow]]:
        """Return the parameters that narrow the rows."""
        return {
            name: (parameter.read, _equal(path))
            for name, (parameter, path) in self.table.filters.items()
        }


def _equal(path: str) -> Narrow:
    return lambda rows, value: rows.filter(**{path: value})


class TableRows(_OfTable):
    """One table as JSON, page by page."""

    @extend_schema(
        operation_id="listTableRows",
        summary="Rows of a table",
        description="The filters of each table are listed by /api/tables/: `?year=2015`.",
        parameters=[*words.PAGE, words.ORDERING],
        responses={200: dict, **words.REFUSALS},
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer one page."""
        self.of(name)
        return self.answer(request)


class TableFile(_OfTable):
    """One table as CSV, whole."""

    @extend_schema(
        operation_id="exportTable",
        summary="A table as CSV",
        description="UTF-8, comma separated, with the filters of the table.",
        responses={(200, "text/csv"): bytes, **words.REFUSALS},
    )
    def get(self, request: Request, name: str) -> HttpResponse:
        """Answer the file, row after row."""
        self.of(name)
        narrowed = self._narrow({n: list(t) for n, t in request.GET.lists()})
        if not may(person_of(request), Right.VIEW_PUBLIC):
            raise UnknownPage("Nothing is served here.")
        rows = narrowed(self.rows(person_of(request))).order_by(*self.table.order, "pk")
        response = StreamingHttpResponse(
            _lines(self.table, rows), content_type="text/csv; charset=utf-8"
        )
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        response.headers["Cache-Control"] = "private, no-store"
        return response  # type: ignore[return-value]


class _Echo:
    """What a CSV writer writes to: it gives each line back."""

    def write(self, line: str) -> str:
        return line


def _lines(table: Table, rows: QuerySet) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(table.names)
    for row in rows.iterator(chunk_size=AT_A_TIME):
        yield writer.writerow([cell(value) for value in table.row(row).values()])


def cell(value: Any) -> Any:
    """Return a value as one cell of a CSV that no spreadsheet takes for a formula."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return harmless(value)
