"""Texts to try, written for this demo."""

EXAMPLES = (
    "Delia Marsh, 41, of Salem, Ore., is a lawyer for Harbor Steel. Her brother Owen Marsh lives in Tacoma, Wash., "
    "and works for the Port Authority.",
    "Marian Pell, who was born in Duluth, Minn., joined Northern Paper Co. of Chicago as an engineer.",
    "Police in Marseille, France, said Luc Arnaud shot Paul Meyer, a reporter for the Lyon Gazette, on Tuesday.",
)
