"""The incident that started the project: five explanations, and what their runs say of each."""
