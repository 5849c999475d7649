"""What an encoder learned, beside what its loss asks for."""

from hyperenergy.training.diagnosis.diagnosis import Diagnosis as Diagnosis
from hyperenergy.training.diagnosis.diagnosis import diagnose as diagnose
