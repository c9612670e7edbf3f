"""Interviews in silico: what members of coalitions would speak of, by the themes of the study. Reads tables alone."""

from sim.errors import InterviewError
from sim.interviews.counting import count_events, count_interviews, interview_runs, list_events
from sim.interviews.sampling import Interview, Plan, hold_interviews
from sim.interviews.themes import CODES, STUDY, THEMES

__all__ = [
    "CODES",
    "STUDY",
    "THEMES",
    "Interview",
    "InterviewError",
    "Plan",
    "count_events",
    "count_interviews",
    "hold_interviews",
    "interview_runs",
    "list_events",
]
