"""Addresses that carry the data version never change; a load shows at once."""

import pytest
from django.db import connection, transaction

from carroyage.models import Cell
from layers.registry import REGISTRY
from layers.version import version_of
from observatory.models import Level, Perimeter, Run, Territory
from tests.layers.places import features, place_of, square

PLACE = place_of(2.355, 48.885, 12)


def version(name):
    return version_of([REGISTRY.get(name)])


def handed_out(client, names="qpv", query=""):
    """Return the path of one tile as TileJSON hands it out."""
    url = client.get(f"/tiles/{names}.json{query}").json()["tiles"][0]
    for letter in "zxy":
        url = url.replace(f"{{{letter}}}", str(getattr(PLACE, letter)))
    return url.removeprefix("http://testserver")


@pytest.mark.django_db
class TestValidators:
    def test_an_address_with_the_current_version_is_kept_for_ever(self, visitor, make_area):
        make_area()
        answer = visitor.get(handed_out(visitor))
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert features(answer.content, "qpv")

    @pytest.mark.parametrize("query", ["", "?v=", "?v=0123456789abcdef", "?v=a&v=b"])
    def test_any_other_address_must_be_asked_again(self, visitor, make_area, query):
        make_area()
        answer = visitor.get(PLACE.url("qpv", query))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, no-cache"

    def test_what_has_not_changed_is_not_sent_nor_drawn_again(
        self, visitor, make_area, django_assert_max_num_queries
    ):
        make_area()
        etag = visitor.get(PLACE.url("qpv")).headers["ETag"]
        assert etag.startswith('"')
        with django_assert_max_num_queries(2) as asked:
            answer = visitor.get(PLACE.url("qpv"), headers={"if-none-match": etag})
        assert answer.status_code == 304
        assert answer.content == b""
        assert answer.headers["ETag"] == etag
        assert not any("ST_AsMVT" in query["sql"] for query in asked.captured_queries)

    def test_what_has_changed_is_sent_in_full(self, visitor, make_area):
        make_area()
        etag = visitor.get(PLACE.url("qpv")).headers["ETag"]
        make_area(code="QP075002", shape=square(2.352, 48.882, 0.002))
        answer = visitor.get(PLACE.url("qpv"), headers={"if-none-match": etag})
        assert answer.status_code == 200
        assert len(features(answer.content, "qpv")) == 2
        assert answer.headers["ETag"] != etag

    def test_an_address_of_old_data_is_no_longer_kept(self, visitor, make_area):
        make_area()
        old = handed_out(visitor)
        make_area(code="QP075002")
        assert visitor.get(old).headers["Cache-Control"] == "public, no-cache"
        assert handed_out(visitor) != old

    def test_parameters_stay_in_the_address_handed_out(self, visitor, make_area):
        make_area(code="QP075001", generation=2015)
        make_area(code="QN07501M", generation=2024)
        address = handed_out(visitor, query="?generation=2015")
        assert "generation=2015&v=" in address
        (quarter,) = features(visitor.get(address).content, "qpv").values()
        assert quarter["properties"]["code"] == "QP075001"

    def test_lists_are_asked_again_each_time_and_told_unchanged(self, visitor, make_area):
        make_area()
        for address in ("/tiles", "/tiles/qpv.json"):
            first = visitor.get(address)
            assert first.headers["Cache-Control"] == "private, no-cache"
            again = visitor.get(address, headers={"if-none-match": first.headers["ETag"]})
            assert again.status_code == 304

    def test_a_head_request_gets_the_headers_alone(self, visitor, make_area):
        make_area()
        full, head = visitor.get(PLACE.url("qpv")), visitor.head(PLACE.url("qpv"))
        assert head.content == b""
        assert head.headers["ETag"] == full.headers["ETag"]


@pytest.mark.django_db
class TestVersionFollowsTheData:
    def test_nothing_done_leaves_every_version_as_it_is(self, make_area):
        make_area()
        assert version("qpv") == version("qpv")

    def test_each_way_of_changing_a_table_changes_the_version(self, make_area):
        perimeter = make_area()
        seen = [version("qpv")]
        Perimeter.objects.filter(pk=perimeter.pk).update(act="autre")
        seen.append(version("qpv"))
        Territory.objects.update(name="Autre nom")
        seen.append(version("qpv"))
        perimeter.delete()
        seen.append(version("qpv"))
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("TRUNCATE carroyage_computedzone, observatory_perimeter CASCADE")
        seen.append(version("qpv"))
        assert len(set(seen)) == 5

    def test_new_perimeters_leave_the_version_of_the_cells_alone(self, make_grid, make_area):
        make_grid()
        before = version("cells")
        make_area()
        assert version("cells") == before
        Cell.objects.filter(ind__gt=105).delete()
        assert version("cells") != before

    def test_the_progress_of_a_run_changes_nothing_and_its_end_does(self, make_zones):
        run = make_zones([square()], state="running")
        before = version("zones")
        Run.objects.filter(pk=run.pk).update(done_units=10, step="cells")
        assert version("zones") == before
        Run.objects.filter(pk=run.pk).update(state="done")
        assert version("zones") != before

    def test_layers_that_read_the_same_tables_have_versions_of_their_own(self, make_area):
        make_area(Level.COMMUNE, "75056", "Paris")
        assert version("communes") != version("iris")


@pytest.mark.django_db(transaction=True)
class TestVersionFollowsCommits:
    def test_a_load_shows_at_once_when_it_commits_and_never_before(self, visitor, make_area):
        make_area()
        outside = connection.copy()
        with outside.cursor() as cursor:
            before = version("qpv")
            cursor.execute("BEGIN")
            cursor.execute("UPDATE observatory_territory SET name = 'Renommé'")
            assert version("qpv") == before
            assert "Renommé" not in visitor.get(PLACE.url("qpv")).content.decode(errors="replace")
            cursor.execute("COMMIT")
        outside.close()
        assert version("qpv") != before
        assert "Renommé" in visitor.get(PLACE.url("qpv")).content.decode(errors="replace")

    def test_a_load_that_is_undone_leaves_the_version_as_it_was(self, make_area):
        make_area()
        before = version("qpv")
        with pytest.raises(RuntimeError), transaction.atomic():
            Territory.objects.update(name="X")
            raise RuntimeError
        assert version("qpv") == before

    def test_a_load_that_started_first_and_ended_last_is_noticed(self, make_area):
        make_area()
        slow = connection.copy()
        with slow.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("UPDATE observatory_territory SET name = 'Lent'")
            make_area(code="QP075002")
            between = version("qpv")
            cursor.execute("COMMIT")
        slow.close()
        assert version("qpv") != between

    def test_loads_that_run_together_do_not_wait_for_each_other(self, make_area):
        make_area()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute("BEGIN")
            cursor.execute("UPDATE observatory_perimeter SET act = 'a' WHERE false")
            Perimeter.objects.filter(act="never").delete()
            make_area(code="QP075002")
            cursor.execute("COMMIT")
        other.close()

    def test_a_thousand_statements_of_one_load_leave_one_line_in_the_journal(self, make_area):
        from layers.models import Change

        perimeter = make_area()
        lines = Change.objects.filter(source_table="observatory_perimeter")
        before = lines.count()
        with transaction.atomic():
            for number in range(1000):
                Perimeter.objects.filter(pk=perimeter.pk).update(reason=str(number))
        assert lines.count() == before + 1
