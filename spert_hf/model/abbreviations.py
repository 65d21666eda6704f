"""English abbreviations, without their full stop, for splitting raw text into words and sentences."""

TITLES = frozenset(
    ("Mr", "Mrs", "Ms", "Dr", "Prof", "Gov", "Sen", "Rep", "Rev", "Lt", "Sgt", "Gen", "Col", "Capt", "St")
)
"""Always followed by a name."""

COMPANIES_AND_GENERATIONS = frozenset(("Jr", "Sr", "Co", "Inc", "Corp", "Ltd", "Bros"))
"""Always preceded by a name."""

MONTHS = frozenset(("Jan", "Feb", "Aug", "Sept", "Oct", "Nov", "Dec"))
"""Usually followed by a number."""

STATES = frozenset(
    (
        *("Ala", "Ariz", "Ark", "Calif", "Colo", "Conn", "Del", "Fla", "Ga", "Ill", "Ind", "Kan", "Ky", "La", "Mass"),
        *("Md", "Mich", "Minn", "Miss", "Mo", "Mont", "Neb", "Nev", "Okla", "Ore", "Pa", "Tenn", "Tex", "Va", "Vt"),
        *("Wash", "Wis", "Wyo"),
    )
)
"""States of the U.S., as newspapers write them."""

STATE_INITIALS = frozenset(("D.C", "N.C", "N.D", "N.H", "N.J", "N.M", "N.Y", "R.I", "S.C", "S.D", "W.Va"))
"""States written as initials, and the District of Columbia."""
