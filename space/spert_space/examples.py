"""Example texts, written for this demo."""

EXAMPLES = (
    "Delia Marsh, a lawyer for Harbor Steel, lives in Salem, Ore. Owen Marsh, her brother, is an engineer for Harbor "
    "Steel in Tacoma, Wash.",
    "Marian Pell, who was born in Duluth, Minn., joined Northern Paper Co. of Chicago as an engineer.",
    "Police in Marseille, France, said Luc Arnaud shot Paul Meyer, a reporter for the Lyon Gazette, on Tuesday.",
)
