"""Texts to try, written for this demo."""

EXAMPLES = (
    "Delia Marsh, 41, of Salem, Ore., is a lawyer for Harbor Steel. Her brother, Owen Marsh of Tacoma, Wash., was "
    "hired by Harbor Steel as an engineer.",
    "Marian Pell, who was born in Duluth, Minn., joined Northern Paper Co. of Chicago as an engineer.",
    "Police in Marseille, France, said Luc Arnaud shot Paul Meyer, a reporter for the Lyon Gazette, on Tuesday.",
)
