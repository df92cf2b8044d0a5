"""The columns of each table that a map names."""

from servicequality.sources.language import Reason, SourceMap, Value

__all__ = ["columns_of"]


def columns_of(source_map: SourceMap) -> dict[str, list[str]]:
    """The columns of each table that the map names."""
    named: dict[str, dict[str, None]] = {name: {} for name in source_map.tables}

    def value(table: str, one: Value) -> None:
        for name in (one.column, one.who):
            if name is not None:
                named[table].setdefault(name)
        for inner in one.first_of:
            value(table, inner)
        for case in one.case:
            value(table, case.give)
            reasons(table, (Reason(reason="", when=case.when),))
        for step in one.look_up:
            named[step.table].setdefault(step.key)
            named[step.table].setdefault(step.give)

    def reasons(table: str, several: tuple[Reason, ...]) -> None:
        for condition in (condition for one in several for condition in one.when):
            value(table, condition.of)
            for name in (condition.same_as, condition.differs_from, condition.first_by):
                if name is not None:
                    named[table].setdefault(name)

    for name, table in source_map.tables.items():
        for key in (*table.key, table.newest, table.each, table.in_order, table.within):
            if key is not None:
                named[name].setdefault(key)
        reasons(name, table.leave_out)
    for part in (*source_map.parts, *source_map.people, *source_map.schedules):
        for one in (*part.roles.values(), *part.also.values(), *part.melt.values()):
            value(part.source, one)
        for key in (part.one_row_a, part.order, *part.needs):
            if key is not None:
                named[part.source].setdefault(key)
        reasons(part.source, part.leave_out)
    return {name: list(columns) for name, columns in named.items()}
